// Layers as files: tars become images and images tars, with nobody's privileges and no container.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { call, RUNHCS, RUN_JS, useTestHost } from "../support/test-host.ts";

const host = useTestHost("images");
const ONE_LINE = /^[^\n]+\n$/;
const tree = join(host.folder, "tree");
const tar = join(host.folder, "tree.tar");

beforeAll(() => {
  fs.mkdirSync(join(tree, "etc/deep"), { recursive: true });
  fs.writeFileSync(join(tree, "etc/os-release"), "NAME=test\n");
  fs.writeFileSync(join(tree, "etc/deep/large"), Buffer.alloc(3_000_000, "large "));
  fs.linkSync(join(tree, "etc/os-release"), join(tree, "hard"));
  fs.symlinkSync("etc/os-release", join(tree, "soft"));
  fs.mkdirSync(join(tree, "gone"));
  fs.writeFileSync(join(tree, "gone/.wh.file"), "");
  fs.writeFileSync(join(tree, "gone/.wh..wh..opq"), "");
  fs.writeFileSync(join(tree, "caf\u00e9\n\u001b[31m"), "");
  execFileSync("tar", ["--format=pax", "--sort=name", "-cf", tar, "-C", tree, "."]);
});

const sha256 = (path: string): string =>
  `sha256:${createHash("sha256").update(fs.readFileSync(path)).digest("hex")}`;

/** Imports the tar, with further flags. @returns the image's path */
async function imported(...flags: string[]): Promise<string> {
  const image = host.newPath();
  await host.ok("layer", "import", ...flags, tar, image);
  return image;
}

/** What e2fsck says of a disk; a VHD's footer does not disturb it. */
const fsck = (path: string): number | null => spawnSync("e2fsck", ["-fn", path]).status;

describe("layer import", () => {
  test("makes a clean file system in a VHD that QEMU knows, the same each time", async () => {
    const image = await imported();
    expect(fsck(image)).toBe(0);
    const info = JSON.parse(
      execFileSync("qemu-img", ["info", "--output=json", "-f", "vpc", image], { encoding: "utf8" }),
    );
    expect(info["virtual-size"]).toBe(fs.statSync(image).size - 512);
    expect(fs.readFileSync(await imported()).equals(fs.readFileSync(image))).toBe(true);
  });

  test("gives the same image on the executable and on Node", async () => {
    const onNode = host.newPath();
    expect(await call(process.execPath, [RUN_JS, "layer", "import", tar, onNode], host.folder)).toMatchObject(
      { code: 0 },
    );
    expect(fs.readFileSync(onNode).equals(fs.readFileSync(await imported()))).toBe(true);
  });

  test.each([
    ["plain", "cat"],
    ["gzip", "gzip -c"],
    ["zstd", "zstd -qc"],
  ])("reads %s from a file and from standard input, and hashes both forms", async (kind, program) => {
    const packed = host.newPath();
    execFileSync("/bin/sh", ["-c", `${program} <${tar} >${packed}`]);
    const image = host.newPath();
    const result = JSON.parse(await host.ok("layer", "import", "--json", "--digest", packed, image));
    expect(result).toMatchObject({
      path: image,
      size: fs.statSync(image).size,
      entries: 11,
      diffId: sha256(tar),
      digest: sha256(packed),
      tarSize: fs.statSync(tar).size,
      inputSize: fs.statSync(packed).size,
    });
    const piped = host.newPath();
    const line = `${RUNHCS} layer import --digest - ${piped} <${packed}`;
    const text = execFileSync("/bin/sh", ["-c", line], { encoding: "utf8" });
    expect(text).toBe(`diffId: ${sha256(tar)}\ndigest: ${sha256(packed)}\n`);
    expect(fs.readFileSync(piped).equals(fs.readFileSync(image)), kind).toBe(true);
  });

  test("keeps whiteouts as files if told so, and has uuid, label and size as asked for", async () => {
    const uuid = "00112233-4455-6677-8899-aabbccddeeff";
    const image = await imported(
      "--no-overlay",
      "--uuid",
      uuid,
      "--label",
      "layer",
      "--size",
      "64M",
      "--inline",
    );
    const found = JSON.parse(await host.ok("layer", "inspect", "--json", image));
    expect(found).toMatchObject({
      format: "vhd-fixed",
      fileSystem: { uuid, label: "layer", size: 64 * 2 ** 20 },
    });
    expect(found.fileSystem.features).toContain("inline_data");
    expect((await host.ok("layer", "ls", image, "/gone")).split("\n")).toEqual([
      "gone/.wh..wh..opq",
      "gone/.wh.file",
      "",
    ]);
    expect(fsck(image)).toBe(0);
  });

  test("puts a tree behind the image by which veritysetup and verify trust it", async () => {
    const image = host.newPath();
    const { rootHash } = JSON.parse(await host.ok("layer", "import", "--json", "--verity", tar, image));
    const { verity } = JSON.parse(await host.ok("layer", "inspect", "--json", image));
    const words = ["verify", image, image, rootHash, `--hash-offset=${verity.offset}`];
    expect(spawnSync("veritysetup", words).status).toBe(0);
    expect(await host.ok("layer", "verify", "--root-hash", rootHash, image)).toBe("");
    const other = await host.runhcs(["layer", "verify", "--root-hash", "0".repeat(64), image]);
    expect(other).toMatchObject({ code: 1, stderr: "" });
    expect(other.stdout).toMatch(/^hash tree: [^\n]+\n$/);
  });

  test("refuses an existing file, and replaces it with --force", async () => {
    const image = await imported();
    const before = fs.statSync(image).ino;
    const refused = await host.runhcs(["layer", "import", tar, image]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(`Cannot make file "${image}": it already exists\n`);
    expect(fs.statSync(image).ino).toBe(before);
    await host.ok("layer", "import", "--force", tar, image);
    expect(fs.statSync(image).ino).not.toBe(before);
  });

  test.each([
    ["a missing input", () => join(host.folder, "absent"), /absent.*no such file/],
    ["a folder", () => tree, /illegal operation on a directory/],
    ["no tar", () => RUN_JS, /no octal number|checksum|byte 0/],
    ["half a tar", () => halfTar(), /ends at byte \d+/],
  ])("refuses %s in one line, and leaves nothing", async (_, input, message) => {
    const image = join(fs.mkdtempSync(join(host.folder, "empty-")), "image");
    const refused = await host.runhcs(["layer", "import", input(), image]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(ONE_LINE);
    expect(refused.stderr).toMatch(message);
    expect(fs.readdirSync(join(image, ".."))).toEqual([]);
  });

  test.each([
    ["--uuid", "x"],
    ["--size", "x"],
    ["--max-size", "-1"],
    ["--label", "seventeen bytes.."],
    ["--type", "wcow"],
  ])("refuses %s %s", async (flag, value) => {
    const refused = await host.runhcs(["layer", "import", `${flag}=${value}`, tar, host.newPath()]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(ONE_LINE);
    expect(refused.stderr).toContain(flag);
  });

  test("ends a bomb at --max-size", async () => {
    const image = join(fs.mkdtempSync(join(host.folder, "empty-")), "image");
    const line = `head -c 1G /dev/zero | gzip -1 | ${RUNHCS} layer import --max-size 10M - ${image}`;
    const { status, stderr } = spawnSync("/bin/sh", ["-c", line], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^[^\n]*--max-size[^\n]*\n$|^[^\n]*byte 0[^\n]*\n$/);
    expect(fs.readdirSync(join(image, ".."))).toEqual([]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("leaves nothing when it is stopped by %s", async (signal) => {
    const folder = fs.mkdtempSync(join(host.folder, "stopped-"));
    // An endless archive: the header of a file of 8 GiB, and then zeros.
    const writer = spawn("/bin/sh", ["-c", `exec python3 -c '${ENDLESS}'`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const runhcs = spawn(RUNHCS, ["layer", "import", "-", join(folder, "image")], {
      stdio: [writer.stdout, "pipe", "pipe"],
    });
    while (fs.readdirSync(folder).length === 0) await sleep(10);
    await sleep(100);
    const ended = new Promise<number | null>((resolve) => runhcs.once("close", resolve));
    let stderr = "";
    runhcs.stderr.on("data", (text) => (stderr += String(text)));
    runhcs.kill(signal);
    expect(await ended).toBe(1);
    writer.kill();
    expect(stderr).toBe(`Import of "-" was stopped by ${signal}\n`);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

const ENDLESS = `
import sys, tarfile
entry = tarfile.TarInfo("endless")
entry.size = 8 << 30
sys.stdout.buffer.write(entry.tobuf())
while True: sys.stdout.buffer.write(bytes(1 << 20))
`.trim();

function halfTar(): string {
  const path = host.newPath();
  fs.writeFileSync(path, fs.readFileSync(tar).subarray(0, 100_000));
  return path;
}

describe("layer export", () => {
  /** Every entry of a tar as Python sees it, but for what is no part of a layer: the order of attributes. */
  function entries(path: string): unknown {
    const script = `
import hashlib, json, sys, tarfile
seen = {}
for e in tarfile.open(sys.argv[1]):
    body = hashlib.sha256(e.isreg() and tarfile.open(sys.argv[1]).extractfile(e).read() or b"").hexdigest()
    name = e.name.removeprefix("./")
    seen["" if name == "." else name] = [e.type.decode(), e.mode, e.uid, e.gid, e.size if e.isreg() else 0,
        float(e.mtime) if not e.name.rsplit("/")[-1].startswith(".wh.") else 0, e.linkname.removeprefix("./"), body]
print(json.dumps(seen, sort_keys=True))`;
    return JSON.parse(execFileSync("python3", ["-c", script, path], { encoding: "utf8" }));
  }

  test("gives back what was imported, whiteouts included, to a file and to standard output", async () => {
    const [image, out] = [await imported(), host.newPath()];
    const result = JSON.parse(await host.ok("layer", "export", "--json", image, out));
    expect(result).toMatchObject({ entries: 11, size: fs.statSync(out).size });
    const [before, after] = [entries(tar), entries(out)] as [
      Record<string, unknown[]>,
      Record<string, unknown[]>,
    ];
    for (const [name, [type, mode, ...rest]] of Object.entries(before)) {
      const [foundType, foundMode, ...found] = after[name] ?? [];
      if (name.includes(".wh.")) expect(foundType, name).toBe(type);
      // Which of two names is the file and which the link is for the order to say.
      else if (name === "hard" || name === "etc/os-release") expect(foundMode).toBe(mode);
      else expect([foundType, foundMode, ...found], name).toEqual([type, mode, ...rest]);
    }
    expect(Object.keys(after)).toEqual(Object.keys(before));
    const piped = execFileSync(RUNHCS, ["layer", "export", image, "-"], { maxBuffer: 2 ** 26 });
    expect(piped.equals(fs.readFileSync(out))).toBe(true);
  });

  test("ends quietly when nobody reads on", async () => {
    const image = await imported();
    const line = `${RUNHCS} layer export ${image} - | head -c 1000 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("/bin/bash", ["-c", line], { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
  });

  test("writes the changes of a used scratch, or another folder", async () => {
    const scratch = host.newPath();
    const folder = `${scratch}.tree`;
    fs.mkdirSync(join(folder, "upper"), { recursive: true });
    fs.mkdirSync(join(folder, "work/index"), { recursive: true });
    fs.writeFileSync(join(folder, "upper/new"), "new");
    execFileSync("mknod", [join(folder, "upper/deleted"), "c", "0", "0"]);
    execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", folder, scratch, "16M"]);
    const list = async (...words: string[]): Promise<string[]> => {
      const out = host.newPath();
      await host.ok("layer", "export", ...words, scratch, out);
      return execFileSync("tar", ["-tf", out], { encoding: "utf8" }).trimEnd().split("\n");
    };
    expect(await list()).toEqual(["./", ".wh.deleted", "new"]);
    expect(await list("--folder", "work")).toEqual(["./", "index/"]);
    expect(await list("--folder", "/", "--overlay")).toEqual(
      expect.arrayContaining(["upper/deleted", "upper/new", "work/index/"]),
    );
  });
});

describe("layer ls, cat and inspect", () => {
  test("show names, contents and what is known of them", async () => {
    const image = await imported();
    expect(await host.ok("layer", "ls", image)).toBe(
      ["caf\u00e9\\u000a\\u001b[31m", "etc", "gone", "hard", "lost+found", "soft", ""].join("\n"),
    );
    const long = (await host.ok("layer", "ls", "-l", image, "soft")).trimEnd();
    expect(long).toMatch(/^-rw-r--r-- {3}2 +0 +0 +10 \d{4}-\d\d-\d\dT[\d:]+Z etc\/os-release$/);
    const all = (await host.ok("layer", "ls", "--recursive", "--json", image, "etc")).trimEnd().split("\n");
    expect(all.map((line) => JSON.parse(line).path)).toEqual([
      "etc/deep",
      "etc/deep/large",
      "etc/os-release",
    ]);
    expect(await host.ok("layer", "cat", image, "/soft")).toBe("NAME=test\n");
    expect(await host.ok("layer", "inspect", image)).toMatch(/^fileSystem\.type +ext4$/m);
  });

  test.each([
    ["ls", ["absent"], /Cannot find "absent" in the image: it does not exist/],
    ["cat", ["absent"], /Cannot find "absent"/],
    ["cat", ["etc"], /it is a directory/],
  ])("%s refuses %j in one line", async (command, words, message) => {
    const refused = await host.runhcs(["layer", command, await imported(), ...words]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(ONE_LINE);
    expect(refused.stderr).toMatch(message);
  });

  test.each(["ls", "inspect", "verify", "export", "expand"])(
    "%s refuses a file that does not exist",
    async (command) => {
      const rest = { export: [host.newPath()], expand: ["--sizeGB", "1"] }[command] ?? [];
      const refused = await host.runhcs(["layer", command, "/nonexistent/image", ...rest]);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(/^Cannot [^\n]*"\/nonexistent\/image"[^\n]*\n$/);
    },
  );
});

test("layer cat tells that standard output takes no more", async () => {
  const line = `${RUNHCS} layer cat ${await imported()} /etc/os-release >/dev/full`;
  const { status, stderr } = spawnSync("/bin/sh", ["-c", line], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "Cannot write to standard output: no space left on device\n",
  });
});

describe("layer verify", () => {
  test("is silent on a sound image, and tells of a broken one what e2fsck finds too", async () => {
    const image = await imported();
    expect(await host.ok("layer", "verify", image)).toBe("");
    const debugfs = (...words: string[]): unknown =>
      execFileSync("debugfs", ["-w", "-R", words.join(" "), image]);
    debugfs("feature", "-read-only");
    debugfs("set_inode_field", "/etc/os-release", "links_count", "7");
    expect(fsck(image)).toBe(4);
    const broken = await host.runhcs(["layer", "verify", image]);
    expect(broken).toMatchObject({ code: 1, stderr: "" });
    expect(broken.stdout).toMatch(/os-release|inode \d+/);
  });
});

describe("create-scratch, prepare-disk and layer expand", () => {
  test("make a disk that QEMU finds sound, and make it larger", async () => {
    const scratch = host.newPath();
    const made = JSON.parse(await host.ok("create-scratch", "--destpath", scratch, "--json"));
    expect(made).toMatchObject({ path: scratch, size: 20 * 2 ** 30, isCopy: false });
    expect(fs.statSync(scratch).blocks * 512).toBeLessThan(5e6);
    expect(spawnSync("qemu-img", ["check", "-f", "vhdx", scratch]).status).toBe(0);
    const grown = JSON.parse(await host.ok("layer", "expand", "--json", scratch, "--sizeGB", "50"));
    expect(grown).toMatchObject({ previousSize: 20 * 2 ** 30, size: 50 * 2 ** 30 });
    expect(spawnSync("qemu-img", ["check", "-f", "vhdx", scratch]).status).toBe(0);
    const raw = host.newPath();
    execFileSync("qemu-img", ["convert", "-O", "raw", "-f", "vhdx", scratch, raw]);
    expect(fsck(raw)).toBe(0);
    const { fileSystem } = JSON.parse(await host.ok("layer", "inspect", "--json", scratch));
    expect(fileSystem.size).toBe(50 * 2 ** 30);
  });

  test("format a whole disk, but none that is mounted", async () => {
    const [file, folder] = [host.newPath(), host.newPath()];
    fs.writeFileSync(file, Buffer.alloc(2 ** 24, "used"));
    fs.truncateSync(file, 2 ** 28);
    fs.mkdirSync(folder);
    const device = execFileSync("losetup", ["-f", "--show", file], { encoding: "utf8" }).trim();
    try {
      expect(await host.ok("prepare-disk", "--destpath", device)).toBe("");
      expect(fsck(device)).toBe(0);
      execFileSync("mount", ["-t", "ext4", device, folder]);
      const refused = await host.runhcs(["prepare-disk", "--destpath", device]);
      execFileSync("umount", [folder]);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(/^Cannot format "\/dev\/loop\d+": it or a part of it is in use\n$/);
    } finally {
      execFileSync("losetup", ["-d", device]);
    }
  });

  test.each([
    [["layer", "expand", "x"], /^Cannot run "runhcs layer expand": missing --sizeGB$/m],
    [["layer", "create", "x"], /^Cannot run "runhcs layer create": missing --layer$/m],
    [["layer", "verify", "x", "--root-hash", "1"], /^Cannot read --root-hash "1": a root hash has 64/],
    [["layer", "import", "--size", "3T", "-", "x"], /^Cannot make file "x": a VHD has at most 2190433320960/],
    [["create-scratch"], /^'destpath' is required$/m],
    [["prepare-disk"], /^'destpath' is required$/m],
    [["prepare-disk", "--destpath", "/dev/null"], /^Cannot format "\/dev\/null": it is not a block device$/m],
    [
      ["prepare-disk", "--destpath", "/nonexistent/x"],
      /^Cannot format "\/nonexistent\/x": it does not exist$/m,
    ],
    [
      ["create-scratch", "--destpath", "/nonexistent/x"],
      /^Cannot make file "\/nonexistent\/x": no such file/,
    ],
    [["create-scratch", "--destpath", "x", "--sizeGB", "99999999"], /^Cannot make a scratch of 99999999 GB/],
    [["create-scratch", "--destpath", "x", "--uuid", "1"], /^Cannot read --uuid "1"/],
  ])("refuse %j", async (words, message) => {
    const refused = await host.runhcs(words);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(ONE_LINE);
    expect(refused.stderr).toMatch(message);
  });
});

describe("an operator", () => {
  test("finds the commands of layers by their first word", async () => {
    const text = await host.ok("layer");
    for (const name of ["import", "export", "mount", "verify"]) expect(text).toContain(`layer ${name} `);
    const wrong = await host.runhcs(["layer", "imprt", "x"]);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stderr).toMatch(/there is no such command, did you mean "layer import"\?\n$/);
  });

  test("sees a bar on a terminal, and none in a pipe", async () => {
    const slow = `(cat ${tar}; sleep 0.4) | ${RUNHCS} layer import --force - ${host.newPath()}`;
    const { stdout } = await call("/usr/bin/script", ["-qec", slow, "/dev/null"], host.folder);
    expect(stdout).toContain('Import of "-"');
    expect(stdout.endsWith("\r\u001b[K")).toBe(true);
    expect(execFileSync("/bin/sh", ["-c", `${slow} 2>&1`], { encoding: "utf8" })).toBe("");
  });
});
