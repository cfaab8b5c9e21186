// The whole life of containers, as an operator and an engine lead it.
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { call, eventually, RUN_JS, RUNHCS, UNTIL_KILLED, useTestHost } from "../support/test-host.ts";

const host = useTestHost("life");

async function stopped(id: string): Promise<void> {
  await eventually(async () => (await host.state(id)).status === "stopped" || undefined);
}

test("a container is created, started, paused, resumed, killed and deleted", async () => {
  const id = host.newId();
  const bundle = host.bundle(`echo started > /out/life; ${UNTIL_KILLED}`, (config) => {
    config.annotations = { "org.example": "a b" };
  });
  const pidFile = host.newPath();
  const statuses: string[] = [];
  const note = async (): Promise<void> => void statuses.push((await host.state(id)).status);

  expect(await host.ok("create", "--bundle", bundle, "--pid-file", pidFile, id)).toBe("");
  await note();
  const pid = Number(fs.readFileSync(pidFile, "utf8"));
  expect(await host.state(id)).toMatchObject({
    ociVersion: expect.stringMatching(/^1\.\d+\.\d+/),
    id,
    pid,
    bundle,
    rootfs: host.rootfs,
    created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
    annotations: { "org.example": "a b" },
    owner: "root",
  });
  expect(host.readOut("life")).toBeUndefined();
  for (const step of ["start", "pause", "resume"]) {
    expect(await host.ok(step, id)).toBe("");
    await note();
    expect((await host.state(id)).pid).toBe(pid);
  }
  await eventually(() => host.readOut("life"));
  await host.ok("kill", id, "TERM");
  await stopped(id);
  await note();
  expect(await host.state(id)).toMatchObject({ status: "stopped", pid: 0 });
  expect(await host.ok("delete", id)).toBe("");
  expect(statuses).toEqual(["created", "running", "paused", "running", "stopped"]);
  expect((await host.runhcs(["state", id])).stderr).toBe(`container "${id}" does not exist\n`);
});

test("the same on Node, in short", async () => {
  const id = host.newId();
  const node = (...words: string[]) =>
    call(process.execPath, [RUN_JS, "--root", host.root, ...words], host.folder);
  const codes = [
    await node("create", "--bundle", host.bundle(UNTIL_KILLED), id),
    await node("start", id),
    await node("exec", id, "sh", "-c", "echo from exec; exit 7"),
    await node("state", id),
    await node("kill", id, "KILL"),
    await node("delete", "--force", id),
  ];
  expect(codes.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    [0, 0, 7, 0, 0, 0].map((code) => ({ code, stderr: "" })),
  );
  expect(codes[2]?.stdout).toBe("from exec\n");
  expect(JSON.parse(codes[3]?.stdout ?? "")).toMatchObject({ id, status: "running" });
  const refused = await node("state", id);
  expect(refused).toEqual({ code: 1, stdout: "", stderr: `container "${id}" does not exist\n` });
});

test("containers made on Node are served by the executable, and the other way round", async () => {
  const id = host.newId();
  await call(
    process.execPath,
    [RUN_JS, "--root", host.root, "run", "-d", "-b", host.bundle(UNTIL_KILLED), id],
    host.folder,
  );
  expect((await host.state(id)).status).toBe("running");
  expect(await host.ok("exec", id, "hostname")).not.toBe("");
  await host.ok("delete", "--force", id);
});

describe("list", () => {
  test("shows every container as a table, as JSON and as ids", async () => {
    const [one, two] = [await host.running(), host.newId()];
    await host.ok("create", "--bundle", host.bundle("true"), two);
    const pid = (await host.state(one)).pid;
    const table = (await host.ok("list")).trimEnd().split("\n");
    expect(table[0]).toMatch(/^ID +PID +STATUS +BUNDLE +CREATED +OWNER$/);
    expect(table.find((line) => line.startsWith(one))).toMatch(new RegExp(`^${one} +${pid} +running +/`));
    const ids = (await host.ok("list", "--quiet")).trimEnd().split("\n");
    expect(ids).toEqual(ids.toSorted());
    expect(ids).toEqual(expect.arrayContaining([one, two]));
    const json: unknown = JSON.parse(await host.ok("list", "--format", "json"));
    expect(json).toEqual(expect.arrayContaining([await host.state(one), await host.state(two)]));
    expect(json).toHaveLength(ids.length);
    await host.ok("delete", "--force", one);
    await host.ok("delete", "--force", two);
  });

  test("of nothing is a header, an empty list or nothing", async () => {
    const root = host.newPath();
    const list = async (...words: string[]) => call(RUNHCS, ["--root", root, "list", ...words], host.folder);
    expect((await list()).stdout).toMatch(/^ID +PID +STATUS.*\n$/);
    expect(["[]\n", "null\n"]).toContain((await list("--format", "json")).stdout);
    expect(await list("-q")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(fs.existsSync(root)).toBe(false);
  });
});

describe("ps", () => {
  test("shows the processes as a table and as JSON", async () => {
    const id = await host.running("sleep 101 & sleep 102; true");
    const pids: unknown = await eventually(async () => {
      const found: unknown[] = JSON.parse(await host.ok("ps", "--format", "json", id));
      return found.length === 3 ? found : undefined;
    });
    expect(pids).toContain((await host.state(id)).pid);
    const table = (await host.ok("ps", id)).trimEnd().split("\n");
    expect(table).toHaveLength(4);
    expect(table[0]).toMatch(/^UID +PID/);
    expect(await host.ok("ps", id, "-o", "pid,args")).toMatch(/^ *PID +COMMAND\n(.*\n)*.*sleep 101\n/);
    await host.ok("delete", "--force", id);
  });
});

describe("the pid file", () => {
  test("of create and of a detached run holds the init process's pid and nothing else", async () => {
    for (const command of [["create"], ["run", "--detach"]]) {
      const [id, pidFile] = [host.newId(), host.newPath()];
      await host.ok(...command, "--bundle", host.bundle(UNTIL_KILLED), "--pid-file", pidFile, id);
      expect(fs.readFileSync(pidFile, "utf8")).toBe(String((await host.state(id)).pid));
      await host.ok("delete", "--force", id);
    }
  });

  test("of a detached exec holds the process's pid", async () => {
    const [id, pidFile] = [await host.running(), host.newPath()];
    await host.ok("exec", "--detach", "--pid-file", pidFile, id, "sleep", "100");
    const pid = Number(fs.readFileSync(pidFile, "utf8"));
    expect(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8")).toBe("sleep\u0000100\u0000");
    await host.ok("delete", "--force", id);
  });

  test.each(["create", "exec"])("of %s replaces a link, and its target stays as it was", async (command) => {
    const [target, link] = [host.newPath(), host.newPath()];
    fs.writeFileSync(target, "precious");
    fs.symlinkSync(target, link);
    const id = await host.running();
    const other = host.newId();
    if (command === "exec") await host.ok("exec", "--detach", "--pid-file", link, id, "sleep", "100");
    else await host.ok("create", "--bundle", host.bundle("true"), "--pid-file", link, other);
    expect(fs.readFileSync(target, "utf8")).toBe("precious");
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(false);
    expect(fs.readFileSync(link, "utf8")).toMatch(/^\d+$/);
    await host.ok("delete", "--force", id);
    await host.ok("delete", "--force", other);
  });

  test.each(["create", "run"])(
    "that cannot be written fails the %s, of which nothing stays",
    async (command) => {
      const id = host.newId();
      const result = await host.runhcs([command, "-b", host.bundle("true"), "--pid-file", "/absent/pid", id]);
      expect(result).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^Cannot write the pid file "\/absent\/pid": .*\n$/),
      });
      expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
    },
  );
});

describe("kill", () => {
  const catching = ["TERM", "USR1", "HUP", "INT", "RTMIN+3"];
  test.each([
    ["without a signal", [], "TERM"],
    ["by name", ["USR1"], "USR1"],
    ["by name with SIG", ["SIGHUP"], "HUP"],
    ["by name in small letters", ["sigint"], "INT"],
    ["by number", ["10"], "USR1"],
    ["by its place among real-time signals", ["SIGRTMIN+3"], "RTMIN+3"],
  ])("%s sends what was asked for", async (_, words, expected) => {
    const traps = catching.map(
      (name) => `trap 'echo ${name} > /out/killed; exit 0' ${name === "RTMIN+3" ? 37 : name}`,
    );
    fs.rmSync(join(host.rootfs, "out/killed"), { force: true });
    const script = `${traps.join("; ")}; echo > /out/ready; while :; do sleep 0.02; done`;
    fs.rmSync(join(host.rootfs, "out/ready"), { force: true });
    const id = await host.running(script);
    await eventually(() => host.readOut("ready"));
    await host.ok("kill", id, ...words);
    await stopped(id);
    expect(host.readOut("killed")).toBe(`${expected}\n`);
    await host.ok("delete", id);
  });

  test("--all ends every process, and is content with a container that has stopped", async () => {
    const id = await host.running("sleep 100 & sleep 100 & wait");
    await host.ok("kill", "--all", id, "KILL");
    await stopped(id);
    await host.ok("kill", "--all", id, "KILL");
    await host.ok("delete", id);
  });

  test("ends a paused container with SIGKILL", async () => {
    const id = await host.running();
    await host.ok("pause", id);
    await host.ok("kill", id, "KILL");
    await stopped(id);
    await host.ok("delete", id);
  });

  test("ends a created container that was never started", async () => {
    const id = host.newId();
    await host.ok("create", "-b", host.bundle("true"), id);
    await host.ok("kill", id, "KILL");
    await stopped(id);
    await host.ok("delete", id);
  });
});

describe("a container that its caller follows", () => {
  test("is paused, resumed, entered and killed by other calls", async () => {
    const id = host.newId();
    const followed = host.runhcs(["run", "--bundle", host.bundle(UNTIL_KILLED), id]);
    await eventually(
      async () => (await host.runhcs(["state", id])).stdout.includes('"running"') || undefined,
    );
    await host.ok("pause", id);
    await host.ok("resume", id);
    expect(await host.ok("exec", id, "echo", "inside")).toBe("inside\n");
    await host.ok("kill", id, "KILL");
    expect(await followed).toMatchObject({ code: 137, stderr: "" });
    expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
  });

  test("has its exit code told while another call is about to have deleted its state", async () => {
    const id = host.newId();
    const followed = host.runhcs(["run", "--bundle", host.bundle(UNTIL_KILLED), id]);
    await eventually(
      async () => (await host.runhcs(["state", id])).stdout.includes('"running"') || undefined,
    );
    const { pid } = await host.state(id);
    fs.rmSync(join(host.root, id, "state.json"));
    process.kill(pid, "SIGKILL");
    expect(await followed).toMatchObject({ code: 137, stderr: "" });
    await host.ok("delete", "--force", id);
  });

  test("is deleted by another call, and a new one of its id stays", async () => {
    const [id, bundle] = [host.newId(), host.bundle(UNTIL_KILLED)];
    const followed = host.runhcs(["run", "--bundle", bundle, id]);
    await eventually(
      async () => (await host.runhcs(["state", id])).stdout.includes('"running"') || undefined,
    );
    await host.ok("delete", "--force", id);
    await host.ok("create", "--bundle", bundle, id);
    expect(await followed).toMatchObject({ code: 137 });
    expect((await host.state(id)).status).toBe("created");
    await host.ok("delete", "--force", id);
  });
});

describe("delete", () => {
  test("refuses a container that runs, with --force it kills it", async () => {
    const id = await host.running("sleep 100 & sleep 100 & wait");
    const refused = await host.runhcs(["delete", id]);
    expect(refused).toEqual({
      code: 1,
      stdout: "",
      stderr: `cannot delete container ${id} that is not stopped: running\n`,
    });
    expect((await host.state(id)).status).toBe("running");
    expect(await host.ok("delete", "--force", id)).toBe("");
  });

  test("removes a container that was never started", async () => {
    const id = host.newId();
    await host.ok("create", "--bundle", host.bundle(UNTIL_KILLED), id);
    expect(await host.ok("delete", id)).toBe("");
    expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
  });

  test("--force removes a paused container", async () => {
    const id = await host.running();
    await host.ok("pause", id);
    await host.ok("delete", "--force", id);
  });

  test("--force is content with a container that nobody knows", async () => {
    expect(await host.ok("delete", "--force", host.newId())).toBe("");
    expect(await host.runhcs(["delete", host.newId()])).toMatchObject({ code: 1 });
  });
});

test("of two creates of one id at once exactly one wins, and the other's message says why", async () => {
  const bundle = host.bundle(UNTIL_KILLED);
  for (let round = 0; round < 3; round++) {
    const id = host.newId();
    const results = await Promise.all([1, 2, 3].map(() => host.runhcs(["create", "-b", bundle, id])));
    expect(results.map(({ code }) => code).toSorted()).toEqual([0, 1, 1]);
    for (const { code, stderr } of results) {
      if (code !== 0) expect(stderr).toBe(`container with given ID already exists: "${id}"\n`);
    }
    expect((await host.state(id)).status).toBe("created");
    await host.ok("delete", "--force", id);
  }
});
