import { execFileSync } from "node:child_process";
import { chdir, cwd } from "node:process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { stringifyJson } from "../../../src/base/lossless-json.ts";
import { loadBundle } from "../../../src/oci/bundle.ts";
import { bundleErrorOf, makeBundle, writeConfig } from "./bundle-folder.ts";
import { containerdConfig, dockerConfig, lcowConfig, podmanConfig, windowsConfig } from "./engine-configs.ts";

const bundle = makeBundle();
const file = join(bundle, "config.json");
const minimal = { ociVersion: "1.0.0", root: { path: "rootfs" } };

afterEach(() => rmSync(file, { force: true, recursive: true }));

describe("loadBundle accepts", () => {
  test.each([
    ["podman", podmanConfig],
    ["docker", dockerConfig],
    ["containerd", containerdConfig],
    ["containerd on Windows", windowsConfig],
    ["containerd with a Linux container on Windows", lcowConfig],
  ])("what %s sends, unchanged", (_, config) => {
    writeConfig(bundle, config);
    expect(loadBundle(bundle)).toEqual({ path: bundle, config });
  });

  test.each([["runc"], ["crun"]])("what %s spec writes", (program) => {
    const folder = makeBundle();
    execFileSync(program, ["spec"], { cwd: folder });
    expect(loadBundle(folder).config.process?.args).toEqual(["sh"]);
  });

  test("a relative path, and makes it absolute", () => {
    writeConfig(bundle, minimal);
    const before = cwd();
    chdir(bundle);
    try {
      expect(loadBundle(".").path).toBe(bundle);
    } finally {
      chdir(before);
    }
  });

  test("large integers, digit for digit", () => {
    const text = `{"ociVersion":"1.0.0","root":{"path":"rootfs"},"process":{"cwd":"/","args":["a"],"rlimits":[${[
      '{"type":"RLIMIT_AS","hard":18446744073709551615,"soft":9007199254740993}',
    ].join()}]}}`;
    writeConfig(bundle, text);
    expect(stringifyJson(loadBundle(bundle).config)).toBe(text);
  });

  test.each(["1.0.0", "1.0.2-dev", "1.2.0", "1.3.0-rc.1", "1.99.0+build"])("version %s", (ociVersion) => {
    writeConfig(bundle, { ...minimal, ociVersion });
    expect(loadBundle(bundle).config.ociVersion).toBe(ociVersion);
  });

  test("a root file system behind a symbolic link", () => {
    symlinkSync(join(bundle, "rootfs"), join(bundle, "link"));
    writeConfig(bundle, { ...minimal, root: { path: join(bundle, "link") } });
    expect(loadBundle(bundle).config.root?.path).toBe(join(bundle, "link"));
  });
});

describe("loadBundle finds no bundle", () => {
  test("without a folder", () => {
    const { code, message } = bundleErrorOf(() => loadBundle(join(bundle, "absent")));
    expect(code).toBe("BUNDLE_MISSING");
    expect(message).toBe(
      `Cannot load bundle "${bundle}/absent": the folder does not exist, JSON specification file config.json not found`,
    );
  });

  test("in a file", () => {
    writeFileSync(file, "");
    const { code, message } = bundleErrorOf(() => loadBundle(file));
    expect(code).toBe("BUNDLE_MISSING");
    expect(message).toContain("it is not a folder, JSON specification file config.json not found");
  });

  test("without config.json", () => {
    const { code, message, path } = bundleErrorOf(() => loadBundle(bundle));
    expect({ code, message, path }).toEqual({
      code: "BUNDLE_MISSING",
      message: `Cannot load bundle "${bundle}": JSON specification file config.json not found`,
      path: bundle,
    });
  });
});

describe("loadBundle refuses a config.json that", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["is empty", "", "is not JSON"],
    ["is no JSON", "{\n  nonsense\n}", "is not JSON"],
    ["has a byte order mark", "\ufeff{}", "is not JSON"],
    ["is not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "is not UTF-8 text"],
    ["nests too deep", "[".repeat(1_000_000), "is not JSON: JSON nests deeper than 1000 levels"],
  ])("%s", (_, content, problem) => {
    writeConfig(bundle, content);
    const { code, message, faults } = bundleErrorOf(() => loadBundle(bundle));
    expect(code).toBe("BUNDLE_INVALID");
    expect(message.startsWith(`Cannot load bundle "${bundle}": config.json ${problem}`)).toBe(true);
    expect(message).not.toContain("\n");
    expect(faults).toHaveLength(1);
  });

  test("has 50 MB, without reading it", () => {
    writeFileSync(file, "{}");
    truncateSync(file, 50_000_000);
    const started = performance.now();
    expect(bundleErrorOf(() => loadBundle(bundle)).message).toContain(
      "has 50000000 bytes, more than the 16777216",
    );
    expect(performance.now() - started).toBeLessThan(20);
  });

  test("is a folder", () => {
    mkdirSync(file);
    expect(bundleErrorOf(() => loadBundle(bundle)).message).toContain("config.json is not a regular file");
  });

  test("is a fifo, without waiting for a writer", () => {
    execFileSync("mkfifo", [file]);
    expect(bundleErrorOf(() => loadBundle(bundle)).message).toContain("config.json is not a regular file");
  });

  test("is a link to itself", () => {
    symlinkSync(file, file);
    expect(bundleErrorOf(() => loadBundle(bundle)).message).toContain("config.json cannot be opened: ELOOP");
  });

  test("holds something other than an object", () => {
    writeConfig(bundle, "[1]");
    expect(bundleErrorOf(() => loadBundle(bundle)).message).toBe(
      `Cannot load bundle "${bundle}": config.json has 1 fault: found an array, must be an object`,
    );
  });

  test("has NUL characters, which end a text for the kernel", () => {
    const process = { cwd: "/", args: ["/bin/true\0x"], "a\0b": 1 };
    writeConfig(bundle, { ...minimal, process });
    expect(bundleErrorOf(() => loadBundle(bundle)).faults).toEqual([
      {
        pointer: "/process/args/0",
        message: 'found "/bin/true\\u0000x", must be text without NUL characters',
      },
      { pointer: "/process/a\0b", message: 'found "a\\u0000b", must be text without NUL characters' },
    ]);
    writeConfig(bundle, { ...minimal, annotations: { a: "\\u0000" } });
    expect(loadBundle(bundle).config.annotations).toEqual({ a: "\\u0000" });
  });
});

describe("a bad bundle gets every fault at once", () => {
  test("those against the schema and those beyond it, in one line", () => {
    writeConfig(bundle, {
      ociVersion: "2.0.0",
      root: { path: "absent" },
      process: { cwd: "tmp", args: [1, "x"], rlimits: [{ type: "RLIMIT_AS", hard: 2n ** 64n, soft: 0 }] },
      linux: { namespaces: [{ type: "pid" }, { type: "pid" }], maskedPaths: [5, "proc"] },
      annotations: { "line\nbreak": [] },
    });
    expect(bundleErrorOf(() => loadBundle(bundle)).message).toBe(
      `Cannot load bundle "${bundle}": config.json has 9 faults: ` +
        "/process/args/0: found 1, must be a string; " +
        "/process/rlimits/0/hard: found 18446744073709551616, must be at most 18446744073709551615; " +
        "/annotations/line\\u000abreak: found an empty array, must be a string; " +
        "/linux/maskedPaths/0: found 5, must be a string; " +
        '/ociVersion: found "2.0.0", must be a version 1.x; ' +
        '/process/cwd: found "tmp", Cwd must be an absolute path; ' +
        '/root/path: found "absent", must be an existing folder; ' +
        "/linux/namespaces/1/type: found pid twice, must be there once; " +
        '/linux/maskedPaths/1: found "proc", must be an absolute path',
    );
  });

  test("but a place that is wrong is not called missing too", () => {
    writeConfig(bundle, { ...minimal, root: 5, process: { cwd: "/", args: {} } });
    expect(bundleErrorOf(() => loadBundle(bundle)).faults.map(({ pointer }) => pointer)).toEqual([
      "/process/args",
      "/root",
    ]);
  });

  test("of which the message shows fifty", () => {
    writeConfig(bundle, { ...minimal, mounts: Array.from({ length: 60 }, () => 0) });
    const { message, faults } = bundleErrorOf(() => loadBundle(bundle));
    expect(faults).toHaveLength(60);
    expect(message).toContain("/mounts/49: found 0, must be an object; and 10 more");
  });
});
