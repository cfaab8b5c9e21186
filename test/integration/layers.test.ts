// Layers through the command line: containers from layer folders, layers mounted by hand, and what is refused.
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { isRunning, leftovers } from "../support/leftovers.ts";
import {
  FOLDER,
  SCRATCH_KINDS,
  writeBusyboxLayer,
  writeLayer,
  writeScratch,
} from "../support/layer-folders.ts";
import { chosenSeed, randomNumbers, rounds } from "../support/soak-rounds.ts";
import type { TestConfig } from "../support/test-bundle.ts";
import { call, eventually, RUNHCS, UNTIL_KILLED, useTestHost } from "../support/test-host.ts";

const host = useTestHost("layers");
let base: string;
let app: string;
let top: string;

beforeAll(() => {
  base = writeBusyboxLayer(join(host.folder, "layer-base"));
  app = writeLayer(join(host.folder, "layer-app"), {
    etc: FOLDER,
    "etc/name": "app\n",
    "etc/gone": "there\n",
    dir: FOLDER,
    "dir/old": "old\n",
    suid: { type: "directory", mode: 0o755 },
    null: { type: "character", mode: 0o666, device: { major: 1, minor: 3 } },
  });
  top = writeLayer(join(host.folder, "layer-top"), {
    etc: FOLDER,
    "etc/.wh.gone": "",
    "etc/top": "top\n",
    dir: FOLDER,
    "dir/.wh..wh..opq": "",
    "dir/new": "new\n",
  });
});

afterEach(() => expect(mountsLeft()).toEqual([]));

/** Mounts, devices, daemons and records of layers. */
function mountsLeft(): string[] {
  return leftovers({ mark: host.folder, folder: host.folder, root: host.root }).filter(
    (line) => !line.startsWith("state: ") || line.startsWith("state: @layers"),
  );
}

/** Makes a bundle whose root file system are layers. */
function layered(script: string, scratch: string, layers = [top, app, base]): string {
  return host.bundle(script, (config: Partial<TestConfig>) => {
    delete config.root;
    config.windows = { layerFolders: [...layers, scratch] };
  });
}

function newScratch(kind: (typeof SCRATCH_KINDS)[number] = "folder"): string {
  return writeScratch(host.newPath(), kind);
}

const LOOK = "cat /etc/name /etc/top; ls /etc /dir; test -c /null && echo x >/null && echo device";

describe.each(SCRATCH_KINDS)("a container from layers, with a %s as scratch", (kind) => {
  test("sees them laid over each other, with whiteouts and opaque folders, and keeps what it writes", async () => {
    const scratch = newScratch(kind);
    const script = `${LOOK}; echo kept >/kept; rm /etc/top`;
    const seen = await host.ok("run", "--bundle", layered(script, scratch), host.newId());
    expect(seen).toBe("app\ntop\n/dir:\nnew\n\n/etc:\nname\ntop\ndevice\n");
    expect(mountsLeft()).toEqual([]);
    const again = layered("cat /kept; ls /etc; id", scratch);
    expect(await host.ok("run", "--bundle", again, host.newId())).toMatch(/^kept\nname\nuid=0/);
  });

  test("is created, started, looked into and deleted", async () => {
    const [id, scratch] = [host.newId(), newScratch(kind)];
    await host.ok("create", "--bundle", layered(UNTIL_KILLED, scratch), id);
    await host.ok("start", id);
    expect(await host.ok("exec", id, "cat", "/etc/name")).toBe("app\n");
    expect(await host.state(id)).toMatchObject({ status: "running", rootfs: scratch });
    expect(await host.ok("gc")).toBe("");
    await host.ok("kill", id, "KILL");
    await eventually(async () => (await host.state(id)).status === "stopped");
    expect(await host.ok("gc")).toBe("");
    await host.ok("delete", id);
  });

  test("is removed by force while it runs, and by a collection once its executor has forgotten it", async () => {
    for (const remove of [["delete", "--force"], ["damage"], ["gc"]]) {
      const [id, scratch] = [host.newId(), newScratch(kind)];
      await host.ok("run", "--detach", "--bundle", layered(UNTIL_KILLED, scratch), id);
      if (remove[0] === "damage") {
        fs.writeFileSync(join(host.root, "@hcs", id, "system.json"), "{");
        await host.ok("delete", "--force", id);
      } else if (remove[0] === "gc") {
        const { pid } = await host.state(id);
        process.kill(pid, "SIGKILL");
        await eventually(() => !isRunning(pid));
        for (const name of ["@crun", "@runc"])
          fs.rmSync(join(host.root, name, id), { recursive: true, force: true });
        expect(await host.ok("gc")).toContain("removed: ");
      } else await host.ok(...remove, id);
      expect(mountsLeft()).toEqual([]);
    }
  });

  test("leaves nothing when its process cannot be started", async () => {
    const bundle = host.bundle(
      { args: ["no-such"], env: ["PATH=/bin"], cwd: "/" },
      (config: Partial<TestConfig>) => {
        delete config.root;
        config.windows = { layerFolders: [base, newScratch(kind)] };
      },
    );
    for (const verb of ["create", "run"]) {
      const { code, stderr } = await host.runhcs([verb, "--bundle", bundle, host.newId()]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/^[^\n]*"no-such": executable file not found in \$PATH[^\n]*\n$/),
      });
      expect(mountsLeft()).toEqual([]);
    }
  });
});

test("containers with scratches of their own share layers and their devices; one scratch serves one", async () => {
  const scratches = [newScratch("raw"), newScratch("vhdx")];
  const ids = await Promise.all(
    scratches.map(async (scratch) => {
      const id = host.newId();
      await host.ok("run", "--detach", "--bundle", layered(UNTIL_KILLED, scratch), id);
      return id;
    }),
  );
  const devices = mountsLeft().filter(
    (line) => line.startsWith("loop device") && line.includes("/layer.vhd"),
  );
  expect(devices.length).toBe(3);
  await host.ok("exec", ids[0] ?? "", "sh", "-c", "echo mine >/mine");
  const { code } = await host.runhcs(["exec", ids[1] ?? "", "test", "-e", "/mine"]);
  expect(code).toBe(1);
  const second = await host.runhcs(["run", "--bundle", layered("true", scratches[0] ?? ""), host.newId()]);
  expect(second).toMatchObject({ code: 1, stdout: "" });
  expect(second.stderr).toBe(
    `Cannot mount layer "${scratches[0]}": it is the scratch of container "${ids[0]}"\n`,
  );
  const removal = await host.runhcs(["layer", "remove", base]);
  expect(removal).toMatchObject({ code: 1, stderr: `Cannot remove layer "${base}": it is in use\n` });
  for (const id of ids) await host.ok("delete", "--force", id);
});

test("a scratch that does not exist is made as a folder, and a read-only root stays so", async () => {
  const scratch = host.newPath();
  const bundle = layered("echo x >/x || echo refused", scratch);
  const file = join(bundle, "config.json");
  const config = JSON.parse(fs.readFileSync(file, "utf8"));
  fs.writeFileSync(file, JSON.stringify({ ...config, root: { path: "", readonly: true } }));
  expect((await host.runhcs(["run", "--bundle", bundle, host.newId()])).stdout).toBe("refused\n");
  expect(fs.readdirSync(scratch).toSorted()).toEqual(["upper", "work"]);
});

test("128 layers are laid over each other", async () => {
  const layers = Array.from({ length: 128 }, (_, index) =>
    writeLayer(host.newPath(), { [`file-${index}`]: "", last: `${index}\n` }),
  );
  const scratch = newScratch("raw");
  const path = (await host.ok("layer", "mount", scratch, ...layers.flatMap((layer) => ["-l", layer]))).trim();
  const names = fs.readdirSync(path);
  expect(names.filter((name) => name.startsWith("file-")).length).toBe(128);
  expect(fs.readFileSync(join(path, "last"), "utf8")).toBe("0\n");
  await host.ok("layer", "unmount", path);
});

test("paths may hold whatever a path can hold", async () => {
  const folder = join(host.folder, 'a,b:c\\d\ne "f" lowerdir=/,upperdir=');
  const state = join(folder, "state,x:y");
  const layers = ["one", "t,w:o"].map((name) => writeLayer(join(folder, name), { [name]: "x" }));
  for (const kind of SCRATCH_KINDS) {
    const scratch = writeScratch(join(folder, `s,${kind}`), kind);
    const words = ["layer", "mount", scratch, ...layers.flatMap((layer) => ["-l", layer])];
    const { code, stdout, stderr } = await host.runhcs([...words, "--root", state]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(fs.readdirSync(stdout.slice(0, -1))).toEqual(expect.arrayContaining(["one", "t,w:o"]));
    await host.ok("layer", "unmount", scratch, "--root", state);
  }
  fs.rmSync(folder, { recursive: true });
});

test("links to layers and scratches lead to the same mount", async () => {
  const scratch = newScratch("raw");
  const [link, layerLink] = [host.newPath(), host.newPath()];
  fs.symlinkSync(scratch, link);
  fs.symlinkSync(base, layerLink);
  const path = await host.ok("layer", "mount", link, "-l", layerLink);
  expect(await host.ok("layer", "mount", scratch, "-l", base)).toBe(path);
  await host.ok("layer", "unmount", link);
  await host.ok("layer", "unmount", scratch);
});

describe("layers by hand:", () => {
  test("a scratch is made, mounted at a folder, unmounted and removed", async () => {
    const [scratch, target] = [host.newPath(), host.newPath()];
    fs.mkdirSync(target);
    await host.ok("layer", "create", scratch, "-l", app, "-l", base);
    expect(await host.ok("layer", "mount", scratch, target, "-l", app, "-l", base)).toBe(`${target}\n`);
    fs.writeFileSync(join(target, "written"), "x");
    expect(fs.readFileSync(join(target, "etc/name"), "utf8")).toBe("app\n");
    await host.ok("layer", "unmount", target);
    expect(fs.readdirSync(target)).toEqual([]);
    const path = (await host.ok("layer", "mount", scratch, "-l", app, "-l", base)).trim();
    expect(fs.readFileSync(join(path, "written"), "utf8")).toBe("x");
    await host.ok("layer", "unmount", scratch);
    await host.ok("layer", "remove", scratch);
    expect(fs.existsSync(scratch)).toBe(false);
  });

  test("what a killed call has left of a new scratch is removed as a scratch is, and nothing like it", async () => {
    const scratch = host.newPath();
    fs.mkdirSync(scratch);
    fs.writeFileSync(join(scratch, ".sandbox.vhdx.123.456"), "half");
    await host.ok("layer", "remove", scratch);
    expect(fs.existsSync(scratch)).toBe(false);
    fs.mkdirSync(scratch);
    for (const name of [".sandbox.vhdx.123.456", ".sandbox.vhdx.mine"])
      fs.writeFileSync(join(scratch, name), "x");
    const refused = await host.runhcs(["layer", "remove", scratch]);
    expect(refused.stderr).toMatch(/its folder is not that of a layer\n$/);
    expect(fs.readdirSync(scratch).length).toBe(2);
  });

  test("mounts are private to root, keep set-user-id bits and device files, and show the layers' root as it is", async () => {
    const odd = writeLayer(host.newPath(), {
      "": { type: "directory", mode: 0o751, uid: 7, gid: 8 },
      program: { mode: 0o4755, size: 0 },
    });
    const scratch = newScratch("raw");
    const path = (await host.ok("layer", "mount", scratch, "-l", odd, "-l", app)).trim();
    expect(fs.statSync(join(host.root, "@layers")).mode & 0o777).toBe(0o700);
    const line = fs
      .readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .find((text) => text.includes(` ${path} `));
    expect(line?.split(" ")[5]).toBe("rw,relatime");
    expect(fs.statSync(join(path, "program")).mode & 0o7777).toBe(0o4755);
    fs.writeFileSync(join(path, "null"), "swallowed");
    expect(fs.statSync(path)).toMatchObject({ uid: 7, gid: 8 });
    expect(fs.statSync(path).mode & 0o7777).toBe(0o751);
    await host.ok("layer", "unmount", path);
  });

  test("what is in use is not unmounted, and can be once it is not", async () => {
    const scratch = newScratch("vhdx");
    const path = (await host.ok("layer", "mount", scratch, "-l", base)).trim();
    const user = spawn("sleep", ["60"], { cwd: path });
    await eventually(() => user.pid !== undefined && fs.readlinkSync(`/proc/${user.pid}/cwd`) === path);
    const { code, stderr } = await host.runhcs(["layer", "unmount", scratch]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Cannot unmount layer "${scratch}": something in "${path}" is in use\n`,
    });
    user.kill("SIGKILL");
    await eventually(() => user.signalCode !== null);
    await host.ok("layer", "unmount", scratch);
  });

  test("ten are mounted and unmounted at once", async () => {
    const scratches = Array.from({ length: 10 }, (_, index) => newScratch(SCRATCH_KINDS[index % 3]));
    await Promise.all(
      scratches.map(async (scratch) => {
        const path = (await host.ok("layer", "mount", scratch, "-l", top, "-l", app, "-l", base)).trim();
        expect(fs.readFileSync(join(path, "etc/top"), "utf8")).toBe("top\n");
        await host.ok("layer", "unmount", path);
      }),
    );
  });

  test("a daemon keeps no descriptor of the caller", async () => {
    const pipe = fs.openSync("/dev/zero", "r");
    const scratch = newScratch("vhdx");
    await host.runhcs(["layer", "mount", scratch, "-l", base], { fds: [pipe, pipe] });
    fs.closeSync(pipe);
    const daemon = mountsLeft().find((line) => line.startsWith("process: "));
    const pid = daemon?.split(" ")[1] ?? "";
    const open = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(open).not.toContain("/dev/zero");
    await host.ok("layer", "unmount", scratch);
  });
});

describe("one line refuses", () => {
  const damaged = (name: string, change: (bytes: Buffer) => Buffer): string => {
    const folder = join(host.folder, name);
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, "layer.vhd"), change(fs.readFileSync(join(app, "layer.vhd"))));
    return folder;
  };
  test.each<[string, () => string[], RegExp]>([
    ["an absent scratch", () => ["mount", "/no/such", "-l", base], /"\/no\/such": it does not exist$/],
    ["an absent layer", () => ["mount", newScratch(), "-l", "/no/such"], /"\/no\/such": it does not exist$/],
    ["a folder as layer", () => ["mount", newScratch(), "-l", host.rootfs], /it has no layer\.vhd$/],
    [
      "a folder as scratch",
      () => ["mount", host.rootfs, "-l", base],
      /and neither layer\.vhd nor the disk of a scratch$/,
    ],
    ["a file", () => ["mount", join(base, "layer.vhd"), "-l", base], /it is not a folder$/],
    ["a layer twice", () => ["mount", newScratch(), "-l", base, "-l", base], /is named twice$/],
    ["a scratch alone", () => ["mount", newScratch("raw")], /it is not mounted$/],
    ["no footer", () => ["mount", damaged("cut", (bytes) => bytes.subarray(0, -512))], /has no VHD footer$/],
    [
      "a damaged footer",
      () => [
        "mount",
        damaged("bad", (bytes) => Buffer.concat([bytes.subarray(0, -100), Buffer.alloc(100, 1)])),
      ],
      /checksum/,
    ],
    [
      "a cut image",
      () => ["mount", damaged("short", (bytes) => bytes.subarray(4096))],
      /bytes, but its footer tells of a disk of/,
    ],
    [
      "no file system",
      () => [
        "mount",
        damaged("zero", (bytes) => Buffer.concat([Buffer.alloc(bytes.length - 512), bytes.subarray(-512)])),
      ],
      /mounting its disk as ext4 is refused with EINVAL$/,
    ],
    [
      "two disks",
      () => [
        "mount",
        fs.copyFileSync(join(app, "layer.vhd"), join(newTwice(), "layer.vhd")) ?? twice,
        "-l",
        base,
      ],
      /holds both layer\.vhd and sandbox\.img$/,
    ],
    ["unmounting nothing", () => ["unmount", host.rootfs], /no layer is mounted there$/],
    ["removing what does not exist", () => ["remove", `${base}-absent`], /-absent": it does not exist$/],
    ["removing what is no layer", () => ["remove", host.rootfs], /its folder is not that of a layer$/],
    [
      "removing a folder that looks half like one",
      () => ["remove", halfLayer()],
      /its folder is not that of a layer$/,
    ],
    ["removing a link", () => ["remove", linkTo(base)], /it is not a folder$/],
    ["a full target", () => ["mount", newScratch(), host.rootfs, "-l", base], /is not empty$/],
    ["an existing scratch", () => ["create", newScratch("raw"), "-l", base], /its folder is not empty/],
  ])("%s", async (_, words, message) => {
    const { code, stdout, stderr } = await host.runhcs(["layer", ...words()]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr.trimEnd()).toMatch(message);
  });
  const halfLayer = (): string => {
    const folder = host.newPath();
    fs.mkdirSync(join(folder, "work/precious"), { recursive: true });
    return folder;
  };
  let twice = "";
  const newTwice = (): string => (twice = newScratch("raw"));
  const linkTo = (path: string): string => {
    const link = host.newPath();
    fs.symlinkSync(path, link);
    return link;
  };

  test.each<[string, (config: Partial<TestConfig>) => void, string]>([
    [
      "a scratch without layers",
      (config) => (config.windows = { layerFolders: [newScratch()] }),
      "/windows/layerFolders: found 1 folder, must be at least one layer and the scratch",
    ],
    [
      "a relative folder",
      (config) => (config.windows = { layerFolders: ["layers/x", newScratch()] }),
      '/windows/layerFolders/0: found "layers/x", must be an absolute path',
    ],
    [
      "a folder that is no layer",
      (config) => (config.windows = { layerFolders: [base, "/no/such", newScratch()] }),
      '/windows/layerFolders/1: found "/no/such", must be a folder with a layer.vhd',
    ],
    [
      "a layer twice",
      (config) => (config.windows = { layerFolders: [base, base, newScratch()] }),
      `/windows/layerFolders/1: found "${host.folder}/layer-base", must be there only once`,
    ],
    [
      "a scratch nowhere",
      (config) => (config.windows = { layerFolders: [base, "/no/such/scratch"] }),
      '/windows/layerFolders/1: found "/no/such/scratch", must be in an existing folder',
    ],
  ])("a bundle with %s", async (_, change, fault) => {
    const bundle = host.bundle("true", (config: Partial<TestConfig>) => {
      delete config.root;
      change(config);
    });
    const { code, stderr } = await host.runhcs(["run", "--bundle", bundle, host.newId()]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(fault) });
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });
});

test("calls that are killed at any moment leave nothing behind delete --force and a collection", async () => {
  const random = randomNumbers(chosenSeed());
  for (let round = 0; round < rounds(100, 12); round++) {
    const [id, scratch] = [host.newId(), newScratch(SCRATCH_KINDS[round % 3])];
    const words =
      round % 2 === 0
        ? ["run", "--detach", "--bundle", layered(UNTIL_KILLED, scratch), id]
        : ["layer", "mount", scratch, "-l", top, "-l", base];
    const call = spawn(RUNHCS, ["--root", host.root, ...words], { stdio: "ignore" });
    const ended = new Promise((resolve) => call.once("exit", resolve));
    await sleep(random() * 200);
    call.kill("SIGKILL");
    await ended;
    await host.ok("delete", "--force", id);
    await host.runhcs(["gc"]);
    // A mount whose call was done, or nearly, is in use as far as anybody can know.
    await host.runhcs(["layer", "unmount", scratch]);
    await eventually(async () => {
      if (mountsLeft().length > 0) await host.runhcs(["gc"]);
      return mountsLeft().length === 0;
    });
  }
}, 240_000);

test("who may not mount is told so in one line, and leaves nothing", async () => {
  const words = ["--reuid", "65534", "--clear-groups", RUNHCS, "--root", "/tmp/no", "layer", "mount", base];
  const { code, stderr } = await call("setpriv", words, host.folder);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^Cannot [^\n]+ E(?:ACCES|PERM)\n$/),
  });
});

test("a plain bundle loads nothing of this", () => {
  const trace = join(host.folder, "trace");
  const bundle = host.bundle("true");
  execFileSync("strace", [
    "-f",
    "-o",
    trace,
    RUNHCS,
    "--root",
    host.root,
    "run",
    "--bundle",
    bundle,
    host.newId(),
  ]);
  expect(fs.readFileSync(trace, "utf8")).not.toMatch(/@layers|loop-control/);
});
