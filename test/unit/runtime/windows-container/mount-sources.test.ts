import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveMountSources } from "../../../../src/runtime/windows-container/mount-sources.ts";
import { bundleErrorOf } from "../../oci/bundle-folder.ts";

const [OLD, NEW] = [17134, 17763];
let folder: string;

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "runhcs-mounts-")));
  fs.mkdirSync(join(folder, "real", "inner"), { recursive: true });
  fs.writeFileSync(join(folder, "real", "file"), "");
  fs.symlinkSync("real", join(folder, "link"));
  fs.symlinkSync("absent", join(folder, "broken"));
  fs.symlinkSync("loop", join(folder, "loop"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const resolve = (sources: (string | undefined)[], osBuild = NEW, type?: string) =>
  resolveMountSources(
    sources.map((source) => ({
      destination: "C:\\data",
      ...(source === undefined ? {} : { source: source.startsWith("\\\\") ? source : join(folder, source) }),
      ...(type === undefined ? {} : { type }),
    })),
    osBuild,
  );
const refusal = (source: string, osBuild = NEW): string =>
  bundleErrorOf(() => resolve(["real", source], osBuild)).message.replaceAll(folder, "FOLDER");

describe("the sources of mounts", () => {
  test("have no links in them, wherever these are", () => {
    const found = resolve(["real", "link", "link/inner/../inner", "link/file"]);
    const real = join(folder, "real");
    expect([...found]).toEqual([
      [0, real],
      [1, real],
      [2, join(real, "inner")],
      [3, join(real, "file")],
    ]);
  });

  test("are left alone if they are pipes, or if the mount is faulty or no folder", () => {
    expect(resolve(["\\\\.\\pipe\\docker_engine", undefined]).size).toBe(0);
    expect(resolve(["absent"], NEW, "virtual-disk").size).toBe(0);
  });

  test("have to exist", () => {
    const place = "Cannot make the document of the container: /mounts/1/source is";
    expect(refusal("absent")).toBe(`${place} "FOLDER/absent", which does not exist`);
    expect(refusal("broken")).toBe(`${place} "FOLDER/broken", which does not exist`);
    expect(refusal("loop")).toBe(
      `${place} "FOLDER/loop", which cannot be resolved: too many symbolic links encountered`,
    );
  });

  test("are folders below build 17763", () => {
    expect(resolve(["link/inner"], OLD).size).toBe(1);
    for (const file of ["real/file", "link/file"])
      expect(refusal(file, OLD)).toBe(
        `Cannot make the document of the container: /mounts/1/source is "FOLDER/${file}", a file, and Windows build 17134 maps folders only`,
      );
  });
});
