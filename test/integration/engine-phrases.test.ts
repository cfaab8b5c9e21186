// The words by which engines tell what has happened, each with the situation that makes it.
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { processOf } from "../support/test-bundle.ts";
import { call, eventually, RUNHCS, useTestHost } from "../support/test-host.ts";

const host = useTestHost("phrases");

/** What containerd's shim looks for in the answer to a signal, and what it takes it for. */
function containerdSignal(stderr: string): "finished" | "not found" | "unknown" {
  if (/os: process already finished|container not running|no such process/.test(stderr.toLowerCase()))
    return "finished";
  return stderr.includes("does not exist") ? "not found" : "unknown";
}

/** How docker derives an exit code from the reason why a container could not be started. */
function dockerExitCode(message: string, command: string): number {
  const text = message.toLowerCase();
  const isMissing =
    /executable file not found|no such file or directory|system cannot find the file specified/.test(text);
  if (text.includes(command.toLowerCase()) && isMissing) return 127;
  if (text.includes("permission denied")) return 126;
  return text.includes("not a directory") ? 127 : 125;
}

/** How podman derives one. */
function podmanExitCode(message: string): number {
  if (/permission denied|operation not permitted/i.test(message)) return 126;
  return /executable file not found in|no such file or directory/i.test(message) ? 127 : 125;
}

/** Fails a command as containerd calls it. @returns what it says on stderr and in its log */
async function failing(...words: string[]) {
  const log = host.newPath();
  const { code, stdout, stderr } = await host.runhcs(["--log", log, "--log-format", "json", ...words]);
  const records = fs.readFileSync(log, "utf8").trimEnd().split("\n");
  expect(records).toHaveLength(1);
  const record: unknown = JSON.parse(records[0] ?? "");
  expect(record).toEqual({
    level: "error",
    msg: expect.any(String),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
  return { code, stdout, stderr, message: (record as { msg: string }).msg };
}

async function stoppedContainer(): Promise<string> {
  const id = await host.running("true");
  await eventually(async () => (await host.state(id)).status === "stopped" || undefined);
  return id;
}

describe("an id that nobody knows is `does not exist`", () => {
  test.each([
    ["state", ["state", "ID"], 1],
    ["start", ["start", "ID"], 1],
    ["kill", ["kill", "ID", "9"], 1],
    ["kill --all", ["kill", "--all", "ID", "9"], 1],
    ["delete", ["delete", "ID"], 1],
    ["pause", ["pause", "ID"], 1],
    ["resume", ["resume", "ID"], 1],
    ["ps", ["ps", "--format", "json", "ID"], 1],
    ["exec", ["exec", "ID", "true"], 255],
    ["events", ["events", "--stats", "ID"], 1],
    ["update", ["update", "--memory", "100000000", "ID"], 1],
  ])("to %s", async (_, words, expected) => {
    const id = host.newId();
    const { code, stdout, stderr, message } = await failing(
      ...words.map((word) => (word === "ID" ? id : word)),
    );
    expect({ code, stdout, stderr }).toEqual({ code: expected, stdout: "", stderr: `${message}\n` });
    expect(message).toContain("does not exist");
    expect(containerdSignal(stderr)).toBe("not found");
  });
});

describe("a container that has stopped", () => {
  test.each([
    ["kill", ["kill", "ID", "15"], "container not running"],
    ["kill with another signal", ["kill", "ID", "KILL"], "container not running"],
    ["pause", ["pause", "ID"], "container not running"],
    ["resume", ["resume", "ID"], "container not paused"],
    ["start", ["start", "ID"], "cannot start a container that has stopped"],
    ["exec", ["exec", "ID", "true"], "cannot exec in a stopped container"],
    ["events", ["events", "--stats", "ID"], "is not running"],
    ["update", ["update", "--memory", "100000000", "ID"], "container not running"],
  ])("is told by %s", async (_, words, phrase) => {
    const id = await stoppedContainer();
    const { stderr, message } = await failing(...words.map((word) => (word === "ID" ? id : word)));
    expect(message).toContain(phrase);
    expect(stderr).toBe(`${message}\n`);
    if (words[0] === "kill") expect(containerdSignal(stderr)).toBe("finished");
    await host.ok("delete", id);
  });
});

test("a container that runs is told by start, delete and resume", async () => {
  const id = await host.running();
  expect((await failing("start", id)).message).toContain("cannot start an already running container");
  expect((await failing("delete", id)).message).toBe(
    `cannot delete container ${id} that is not stopped: running`,
  );
  expect((await failing("resume", id)).message).toContain("container not paused");
  await host.ok("delete", "--force", id);
});

test("a container that is paused is told by exec, start and delete", async () => {
  const id = await host.running();
  await host.ok("pause", id);
  expect((await failing("exec", id, "true")).message).toContain("cannot exec in a paused container");
  expect((await failing("start", id)).message).toContain("cannot start a container in the paused state");
  expect((await failing("delete", id)).message).toContain("that is not stopped: paused");
  await host.ok("delete", "--force", id);
});

test("an id in use is `container with given ID already exists`", async () => {
  const id = await host.running();
  for (const command of ["create", "run"]) {
    const { code, message } = await failing(command, "-b", host.bundle("true"), id);
    expect({ code, message }).toEqual({
      code: 1,
      message: `container with given ID already exists: "${id}"`,
    });
  }
  expect((await host.state(id)).status).toBe("running");
  await host.ok("delete", "--force", id);
});

describe("a status is one of those that podman knows", () => {
  test("in every state", async () => {
    const id = host.newId();
    const seen: string[] = [];
    await host.ok("create", "-b", host.bundle("while :; do sleep 0.02; done"), id);
    for (const step of ["", "start", "pause", "resume", "kill"]) {
      if (step === "kill") await host.ok("kill", id, "9");
      else if (step !== "") await host.ok(step, id);
      if (step === "kill")
        await eventually(async () => (await host.state(id)).status !== "running" || undefined);
      seen.push((await host.state(id)).status);
    }
    expect(seen).toEqual(["created", "running", "paused", "running", "stopped"]);
    await host.ok("delete", id);
  });
});

/** Programs that cannot be run, with the exit code that docker and podman give for them. */
const PROGRAMS: readonly [string, string[], string, number][] = [
  ["a name that is not in PATH", ["no-such-program"], "executable file not found in $PATH", 127],
  ["a path to nothing", ["/no/such/program"], "no such file or directory", 127],
  ["a path through a file", ["/etc/passwd/x"], "not a directory", 127],
  ["a file that may not be run", ["/etc/passwd"], "permission denied", 126],
  ["a folder", ["/etc"], "permission denied", 126],
];

describe.each(["crun", "runc"])(
  "a program that cannot be run is told to docker and podman, with %s,",
  (executor) => {
    test.each(PROGRAMS)("of %s", async (_, args, phrase, exitCode) => {
      const bundle = host.bundle(processOf(args));
      for (const command of [["create"], ["run"]]) {
        const id = host.newId();
        const { code, message } = await failing("--executor", executor, ...command, "-b", bundle, id);
        expect(code).toBe(1);
        expect(message).toContain(phrase);
        expect(message).toContain("unable to start container process: ");
        expect(dockerExitCode(message, args[0] ?? "")).toBe(exitCode);
        if (phrase !== "not a directory") expect(podmanExitCode(message)).toBe(exitCode);
        expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
      }
    });

    test.each(PROGRAMS)("to exec of %s, with 255", async (_, args, phrase) => {
      const id = host.newId();
      await host.ok("--executor", executor, "run", "-d", "-b", host.bundle("sleep 100; true"), id);
      for (const flags of [[], ["--detach"]]) {
        const { code, stdout, message } = await failing("exec", ...flags, id, ...args);
        expect({ code, stdout }).toEqual({ code: 255, stdout: "" });
        expect(message).toContain(phrase);
      }
      await host.ok("delete", "--force", id);
    });
  },
);

describe("a bundle without a configuration is `JSON specification file config.json not found`", () => {
  test.each(["create", "run"])("to %s", async (command) => {
    const folder = host.newPath();
    fs.mkdirSync(folder);
    for (const bundle of [folder, join(folder, "absent")]) {
      const { code, message } = await failing(command, "--bundle", bundle, host.newId());
      expect(code).toBe(1);
      expect(message).toContain("JSON specification file config.json not found");
    }
  });
});

test.each([
  ["a signal that nobody knows", ["kill", "ID", "NOSUCH"], 'unknown signal "NOSUCH"'],
  ["an empty id", ["state", ""], "container id cannot be empty"],
  ["an id of forbidden characters", ["state", "a/b"], "invalid container ID format"],
  ["a log format that nobody knows", ["--log-format", "xml", "list"], 'unknown log-format "xml"'],
  [
    "the root folder as state folder",
    ["--root", "/", "list"],
    "Option --root argument should not be set to /",
  ],
])("%s is told in runc's words", async (_, words, phrase) => {
  const id = await host.running();
  const line = words.map((word) => (word === "ID" ? id : word));
  const { code, stderr } =
    line[0] === "--root" ? await call(RUNHCS, line, host.folder) : await host.runhcs(line);
  expect(code).toBe(1);
  expect(stderr).toContain(phrase);
  expect(stderr).toMatch(/^[^\n]+\n$/);
  await host.ok("delete", "--force", id);
});
