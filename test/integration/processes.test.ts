// What a container's process gets from its caller, and what the caller gets from it.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { processOf, shellProcess, type TestConfig } from "../support/test-bundle.ts";
import {
  call,
  eventually,
  exitCodeOf,
  RUN_JS,
  RUNHCS,
  UNTIL_KILLED,
  useTestHost,
} from "../support/test-host.ts";

const host = useTestHost("processes");

/** Lets a program be killed by its own signal, which process 1 of a pid namespace cannot be. */
function inHostsPids(config: TestConfig): void {
  config.linux.namespaces = config.linux.namespaces?.filter(({ type }) => type !== "pid") ?? [];
}

async function run(
  script: string,
  options: Parameters<typeof host.runhcs>[1] = {},
  change?: (config: TestConfig) => void,
) {
  return host.runhcs(["run", "--bundle", host.bundle(script, change), host.newId()], options);
}

/** Runs a line of bash in which $RUNHCS is the program with its state folder. */
async function bash(line: string, env: NodeJS.ProcessEnv = {}) {
  const variables = { ...process.env, RUNHCS: `${RUNHCS} --root ${host.root}`, ...env };
  return call("/bin/bash", ["-c", line], host.folder, { env: variables });
}

describe("run hands on", () => {
  test("standard input to its end, output and errors", async () => {
    const result = await run("cat; echo problem >&2", { input: "one\ntwo" });
    expect(result).toEqual({ code: 0, stdout: "one\ntwo", stderr: "problem\n" });
  });

  test("an input that has ended already", async () => {
    expect(await run("cat; echo end")).toEqual({ code: 0, stdout: "end\n", stderr: "" });
  });

  test("the end of an input that others still read from", async () => {
    const child = host.start(["run", "--bundle", host.bundle("cat; echo end"), host.newId()]);
    child.stdin?.write("first ");
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.stdin?.end("last ");
    const output = child.stdout === null ? "" : text(child.stdout);
    expect(await exitCodeOf(child)).toBe(0);
    expect(await output).toBe("last end\n");
  });

  test.each([RUNHCS, RUN_JS])("20 MB through pipes, byte for byte, from %s", async (program) => {
    const script = "head -c 20000000 /dev/zero | tr '\\0' 'x'; echo end";
    const words = ["--root", host.root, "run", "--bundle", host.bundle(script), host.newId()];
    const child = program === RUNHCS ? spawn(program, words) : spawn(process.execPath, [program, ...words]);
    const digest = createHash("sha256");
    child.stdout.on("data", (chunk: Buffer) => void digest.update(chunk));
    const ended = new Promise((resolve) => child.stdout.once("close", resolve));
    expect(await exitCodeOf(child)).toBe(0);
    await ended;
    const expected = createHash("sha256").update("x".repeat(20_000_000)).update("end\n").digest("hex");
    expect(digest.digest("hex")).toBe(expected);
  });

  test("the death of a pipe's reader to the program alone", async () => {
    const bundle = host.bundle("while :; do echo line; done", inHostsPids);
    const { stdout, stderr } = await bash(
      `$RUNHCS run -b ${bundle} ${host.newId()} | head -n 2; echo \${PIPESTATUS[0]}`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: "line\nline\n141\n", stderr: "" });
  });

  test.each([0, 1, 2, 126, 127, 128, 255])("exit code %i", async (code) => {
    expect(await run(`exit ${code}`)).toEqual({ code, stdout: "", stderr: "" });
  });

  test.each([2, 6, 9, 11, 15])("signal %i as 128 and its number", async (signal) => {
    expect((await run(`kill -${signal} $$; sleep 9`, {}, inHostsPids)).code).toBe(128 + signal);
  });

  test.each(["TERM", "INT", "HUP", "USR1", "USR2", "QUIT"] as const)("SIG%s to the program", async (name) => {
    const script = `trap 'echo ${name}; exit 33' ${name}; echo ready; while :; do sleep 0.02; done`;
    const child = host.start(["run", "--bundle", host.bundle(script), host.newId()]);
    const output: string[] = [];
    child.stdout?.on("data", (chunk: Buffer) => void output.push(chunk.toString()));
    await eventually(() => output.join("").startsWith("ready") || undefined);
    child.kill(`SIG${name}`);
    expect(await exitCodeOf(child)).toBe(33);
    expect(output.join("")).toBe(`ready\n${name}\n`);
  });

  test("nothing of itself: the container is gone when it returns", async () => {
    const id = host.newId();
    await host.runhcs(["run", "--bundle", host.bundle("exit 3"), id]);
    expect((await host.runhcs(["state", id])).stderr).toBe(`container "${id}" does not exist\n`);
  });
});

describe("a list into a pipe that nobody reads ends in silence", () => {
  test.each(["$RUNHCS", "node $RUN_JS --root $ROOT"])("of %s", async (program) => {
    const { stdout, stderr } = await bash(`${program} --help | true; echo \${PIPESTATUS[0]}`, {
      RUN_JS,
      ROOT: host.root,
    });
    expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
  });
});

describe("a container gets the caller's", () => {
  test("preserved descriptors, from 3 upwards, and no other", async () => {
    const paths = [host.newPath(), host.newPath(), host.newPath()];
    const fds = paths.map((path, at) => {
      fs.writeFileSync(path, `content ${at}\n`);
      return fs.openSync(path, "r");
    });
    const script = "cat <&3; cat <&4; (cat <&5) 2>/dev/null || echo no fifth";
    const bundle = host.bundle(script);
    const result = await host.runhcs(["run", "--preserve-fds", "2", "-b", bundle, host.newId()], { fds });
    expect(result).toEqual({ code: 0, stdout: "content 0\ncontent 1\nno fifth\n", stderr: "" });

    const id = await host.running();
    const words = [
      "exec",
      "--preserve-fds=1",
      id,
      "sh",
      "-c",
      "cat <&3; (cat <&4) 2>/dev/null || echo no fourth",
    ];
    for (const fd of fds) fs.closeSync(fd);
    const again = paths.map((path) => fs.openSync(path, "r"));
    expect((await host.runhcs(words, { fds: again })).stdout).toBe("content 0\nno fourth\n");
    for (const fd of again) fs.closeSync(fd);
    await host.ok("delete", "--force", id);
  });

  test.each([
    ["--preserve-fds", ["--preserve-fds", "2"], {}],
    ["LISTEN_FDS", [], { LISTEN_FDS: "2" }],
  ])("%s of more than the caller has opened is refused", async (_, flags, env) => {
    const bundle = host.bundle("true");
    const { code, stderr } = await host.runhcs(["create", ...flags, "-b", bundle, host.newId()], {
      env: { ...process.env, ...env },
    });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "Cannot preserve 2 descriptors from 3 on: descriptor 3 is not open\n",
    });
  });

  test.each(["crun", "runc"])(
    "sockets of LISTEN_FDS, under the number of its own process, with %s",
    async (executor) => {
      const path = host.newPath();
      fs.writeFileSync(path, "socket\n");
      const bundle = host.bundle(
        "cat <&3; echo $LISTEN_FDS $LISTEN_PID; (cat <&4) 2>/dev/null || echo no fourth",
      );
      const line = `exec 4</dev/null; export LISTEN_PID=$$; exec $RUNHCS --executor ${executor} run -b ${bundle} ${host.newId()} 3<${path}`;
      const result = await bash(line, { LISTEN_FDS: "1" });
      expect(result).toEqual({ code: 0, stdout: "socket\n1 1\nno fourth\n", stderr: "" });
    },
  );

  test("no descriptors that the caller has open by accident", async () => {
    const held = Array.from({ length: 5 }, () => fs.openSync("/etc/passwd", "r"));
    const { stdout } = await host.runhcs(
      ["run", "-b", host.bundle(processOf(["ls", "/proc/self/fd"])), host.newId()],
      { fds: held },
    );
    for (const fd of held) fs.closeSync(fd);
    // ls itself has the folder open as 3.
    expect(stdout).toBe("0\n1\n2\n3\n");
  });

  test("soft limit of open files", async () => {
    const bundle = host.bundle("ulimit -Sn; ulimit -Hn");
    const hard = (await bash("ulimit -Hn")).stdout;
    const { stdout } = await bash(`ulimit -Sn 777; $RUNHCS run -b ${bundle} ${host.newId()}`);
    expect(stdout).toBe(`777\n${hard}`);
    const id = await host.running();
    expect((await bash(`ulimit -Sn 555; $RUNHCS exec ${id} sh -c 'ulimit -Sn'`)).stdout).toBe("555\n");
    await host.ok("delete", "--force", id);
  });

  test.each([RUNHCS, RUN_JS])("default handling of signals, from %s", async (program) => {
    const bundle = host.bundle(processOf(["grep", "SigIgn", "/proc/self/status"]));
    const words = [program, "--root", host.root, "run", "-b", bundle, host.newId()];
    const { stdout } = await call(program === RUNHCS ? "/usr/bin/env" : process.execPath, words, host.folder);
    expect(stdout).toBe("SigIgn:\t0000000000000000\n");
  });

  test("nothing of the environment", async () => {
    const env = { ...process.env, RUNHCS_NOFILE: "1024", FOREIGN: "x" };
    const { stdout } = await host.runhcs(["run", "-b", host.bundle(processOf(["env"])), host.newId()], {
      env,
    });
    expect(stdout.split("\n").filter((line) => line !== "" && !line.startsWith("PATH="))).toEqual(
      stdout.includes("HOME=") ? ["HOME=/root"] : [],
    );
  });
});

describe("with an environment that is", () => {
  test.each<[string, NodeJS.ProcessEnv]>([
    ["empty", {}],
    ["without a runtime folder", { XDG_RUNTIME_DIR: "" }],
    [
      "full of what changes Node",
      { NODE_OPTIONS: "--no-such-option", NODE_EXTRA_CA_CERTS: "/absent", PATH: "/absent" },
    ],
  ])("%s, every command of an engine works", async (_, env) => {
    const id = host.newId();
    const bundle = host.bundle(UNTIL_KILLED);
    const lines = [
      ["create", "-b", bundle, id],
      ["start", id],
      ["pause", id],
      ["resume", id],
      ["state", id],
    ];
    lines.push(
      ["exec", id, "true"],
      ["ps", "--format", "json", id],
      ["list"],
      ["kill", id, "KILL"],
      ["delete", "--force", id],
    );
    for (const line of lines) {
      const { code, stderr } = await host.runhcs(line, { env });
      expect({ line: line[0], code, stderr }).toEqual({ line: line[0], code: 0, stderr: "" });
    }
  });
});

describe("exec", () => {
  let id = "";
  const exec = async (...words: string[]) => host.runhcs(["exec", ...words]);

  test.each([0, 1, 42, 255])("gives exit code %i", async (code) => {
    id ||= await host.running(UNTIL_KILLED, (config) => {
      config.process.env = ["PATH=/bin", "OF_INIT=yes"];
    });
    expect(await exec(id, "sh", "-c", `exit ${code}`)).toEqual({ code, stdout: "", stderr: "" });
  });

  test("gives a signal as 128 and its number", async () => {
    expect((await exec(id, "sh", "-c", "kill -9 $$; sleep 9")).code).toBe(137);
  });

  test("hands on input and output", async () => {
    const result = await host.runhcs(["exec", id, "sh", "-c", "cat; echo problem >&2"], { input: "in" });
    expect(result).toEqual({ code: 0, stdout: "in", stderr: "problem\n" });
  });

  test("leaves the program's words alone", async () => {
    const words = ["-t", "a", "b", "a", "--", "--help", "", "-5", "--root", "a b", "é\n"];
    const { stdout } = await exec(id, "sh", "-c", 'for word; do echo "<$word>"; done', "sh", ...words);
    expect(stdout).toBe(words.map((word) => `<${word}>\n`).join(""));
  });

  test.each<[string, string[], string, string]>([
    ["the container's own environment", [], "echo $OF_INIT", "yes\n"],
    ["more environment", ["--env", "A=1", "-e", "B=2 3"], "echo $OF_INIT $A $B", "yes 1 2 3\n"],
    ["another folder", ["--cwd", "/var/www"], "pwd", "/var/www\n"],
    ["another user", ["--user", "1000"], "id -u; id -g", "1000\n0\n"],
    ["another user and group", ["-u", "1000:29"], "id -u; id -g", "1000\n29\n"],
    ["further groups", ["--user", "5:6", "-g", "7", "--additional-gids", "8"], "id -G", "6 7 8\n"],
    ["no capability by default", [], "grep CapEff /proc/self/status", "CapEff:\t0000000000000000\n"],
    [
      "a capability more",
      ["--cap", "CAP_KILL"],
      "grep CapEff /proc/self/status",
      "CapEff:\t0000000000000020\n",
    ],
    ["no new privileges", ["--no-new-privs"], "grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1\n"],
  ])("gives the process %s", async (_, flags, script, output) => {
    expect(await exec(...flags, id, "sh", "-c", script)).toEqual({ code: 0, stdout: output, stderr: "" });
  });

  test("runs the process that a file describes", async () => {
    const file = host.newPath();
    const described = {
      ...shellProcess("echo $PWD $WORD; exit 9"),
      cwd: "/tmp",
      env: ["PATH=/bin", "WORD=w"],
    };
    fs.writeFileSync(file, JSON.stringify(described));
    expect(await exec("--process", file, id)).toEqual({ code: 9, stdout: "/tmp w\n", stderr: "" });
  });

  test("--detach returns at once, and the process runs on", async () => {
    const script = "until [ -e /out/go ]; do sleep 0.02; done; echo done > /out/detached";
    expect(await exec("--detach", id, "sh", "-c", script)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(host.readOut("detached")).toBeUndefined();
    fs.writeFileSync(`${host.rootfs}/out/go`, "");
    expect(await eventually(() => host.readOut("detached"))).toBe("done\n");
  });

  test.each<[string, string[], RegExp]>([
    ["a program that is not there", ["no-such"], /exec: "no-such": executable file not found in \$PATH\n$/],
    [
      "a user that is no number",
      ["--user", "alice", "true"],
      /^Cannot use --user "alice": a number below 4294967295 is needed/,
    ],
    ["a process file that is not there", ["--process", "/absent"], /^Cannot load process "\/absent": /],
    ["no program", [], /exec args cannot be empty\n$/],
  ])("fails with 255 and one line for %s", async (_, words, message) => {
    const flags = words.filter((word) => word.startsWith("--"));
    const at = flags.length === 0 ? 0 : 2;
    const { code, stdout, stderr } = await exec(...words.slice(0, at), id, ...words.slice(at));
    expect({ code, stdout }).toEqual({ code: 255, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });

  test("fails with 255 in a container that nobody knows", async () => {
    const unknown = host.newId();
    expect(await exec(unknown, "true")).toEqual({
      code: 255,
      stdout: "",
      stderr: `container "${unknown}" does not exist\n`,
    });
  });
});
