// A real Debian as a layer: imported, checked, run as a container over a scratch, and what that has changed exported.
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useTestHost } from "../support/test-host.ts";

const host = useTestHost("debian");
const tree = join(host.folder, "debian");
const tar = join(host.folder, "debian.tar.gz");
const layer = join(host.folder, "layer");
const image = join(layer, "layer.vhd");
const scratch = join(host.folder, "scratch");

/** Long enough for a slow mirror; half a minute on a fast one. */
const INSTALL_TIMEOUT_MS = 600_000;

beforeAll(() => {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(fs.readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";
  execFileSync("debootstrap", ["--variant=minbase", release, tree], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  execFileSync("tar", ["--format=pax", "--xattrs", "-czf", tar, "-C", tree, "."]);
  fs.mkdirSync(layer);
}, INSTALL_TIMEOUT_MS);

/** Runs a shell script as a container over the layer. @returns what it prints */
async function run(script: string): Promise<string> {
  const bundle = host.bundle(script, (config) => {
    Reflect.deleteProperty(config, "root");
    config.windows = { layerFolders: [layer, scratch] };
  });
  return host.ok("run", "--bundle", bundle, host.newId());
}

describe("a Debian root file system", () => {
  test("becomes a layer that e2fsck and verify find without fault", async () => {
    const result = JSON.parse(await host.ok("layer", "import", "--json", "--digest", tar, image));
    const files = Number(execFileSync("/bin/sh", ["-c", `tar -tzf ${tar} | wc -l`], { encoding: "utf8" }));
    expect(result.entries).toBe(files);
    expect(spawnSync("e2fsck", ["-fn", image]).status).toBe(0);
    expect(await host.ok("layer", "verify", image)).toBe("");
  });

  test("holds the very files that it was made of", async () => {
    const mounted = (await host.ok("layer", "mount", layer)).trim();
    const compare = spawnSync("diff", ["--recursive", "--no-dereference", tree, mounted], {
      encoding: "utf8",
    });
    // Its device files are compared by diff too; lost+found is the file system's own.
    expect(compare.stdout).toBe(`Only in ${mounted}: lost+found\n`);
    await host.ok("layer", "unmount", layer);
  });

  test("runs as a container, and keeps on its scratch what that changes", async () => {
    await host.ok("layer", "create", scratch, "-l", layer);
    expect(await run("dpkg --status dpkg | head -2; perl -e 'print 6 * 7'")).toBe(
      "Package: dpkg\nEssential: yes\n42",
    );
    await run("echo kept > /etc/kept; rm /etc/issue; dpkg-divert --rename --add /bin/true >/dev/null 2>&1");
    expect(await run("cat /etc/kept; ls /etc/issue /bin/true /bin/true.distrib 2>/dev/null; true")).toBe(
      "kept\n/bin/true.distrib\n",
    );
  });

  test("gives the changes as a layer of their own", async () => {
    const changes = host.newPath();
    await host.ok("layer", "export", join(scratch, "sandbox.vhdx"), changes);
    const names = execFileSync("tar", ["-tf", changes], { encoding: "utf8" }).trimEnd().split("\n");
    expect(names).toEqual(expect.arrayContaining(["etc/.wh.issue", "etc/kept", "var/lib/dpkg/diversions"]));
    expect(names.some((name) => name.includes("work"))).toBe(false);
  });
});
