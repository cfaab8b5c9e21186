// Terminals: handed over through a console socket, or taken from the caller.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { describe, expect, test } from "vitest";
import { receiveConsole } from "../support/console-receiver.ts";
import type { TestConfig } from "../support/test-bundle.ts";
import { call, eventually, exitCodeOf, RUNHCS, useTestHost } from "../support/test-host.ts";

const host = useTestHost("terminals");

function terminal(config: TestConfig): void {
  config.process.terminal = true;
}

/** Runs runhcs on a terminal of its own. @returns what appears on it, and the exit code */
async function onTerminal(words: readonly string[], input = "") {
  const line = [RUNHCS, "--root", host.root, ...words]
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
  return call("/usr/bin/script", ["-qec", line, "/dev/null"], host.folder, { input });
}

describe("a console socket gets the master's side of", () => {
  test("a created container's terminal", async () => {
    const [socket, id] = [host.newPath(), host.newId()];
    const receiver = await receiveConsole(socket, "typed\n");
    const script = "tty; stty size; read line; echo got $line; exit 3";
    await host.ok("create", "--bundle", host.bundle(script, terminal), "--console-socket", socket, id);
    await host.ok("start", id);
    expect(await exitCodeOf(receiver.process)).toBe(0);
    await receiver.ended;
    const [first = "", ...rest] = receiver.output().split(/\r?\n/);
    expect(first).toMatch(/^message .* 1 True$/);
    expect(rest.some((line) => /^\/dev\/(console|pts\/\d+)$/.test(line))).toBe(true);
    expect(rest).toContain("got typed");
    await eventually(async () => (await host.state(id)).status === "stopped" || undefined);
    await host.ok("delete", id);
  });

  test("the terminal of a detached run, with the size asked for", async () => {
    const [socket, id] = [host.newPath(), host.newId()];
    const receiver = await receiveConsole(socket);
    const bundle = host.bundle("stty size; test -t 0 && test -t 1 && test -t 2 && echo all", (config) => {
      config.process.terminal = true;
      config.process.consoleSize = { height: 33, width: 111 };
    });
    await host.ok("run", "--detach", "-b", bundle, "--console-socket", socket, id);
    await exitCodeOf(receiver.process);
    await receiver.ended;
    expect(receiver.output().split(/\r?\n/).slice(1)).toEqual(["33 111", "all", ""]);
    await host.ok("delete", "--force", id);
  });

  test("an exec's terminal", async () => {
    const [socket, id] = [host.newPath(), await host.running()];
    const receiver = await receiveConsole(socket, "x\n");
    await host.ok(
      "exec",
      "--tty",
      "--detach",
      "--console-socket",
      socket,
      id,
      "sh",
      "-c",
      "test -t 0 && read a && echo got $a",
    );
    await exitCodeOf(receiver.process);
    await receiver.ended;
    expect(receiver.output()).toContain("got x\r\n");
    await host.ok("delete", "--force", id);
  });
});

describe("on the caller's terminal", () => {
  test("run hands it on, with its exit code", async () => {
    const bundle = host.bundle(
      "test -t 0 && test -t 1 && test -t 2 && echo all; read a; echo got $a; exit 5",
      terminal,
    );
    const result = await onTerminal(["run", "-b", bundle, host.newId()], "words\n");
    expect(result.code).toBe(5);
    expect(result.stdout).toContain("all\r\n");
    expect(result.stdout).toContain("got words\r\n");
  });

  test("exec --tty hands it on, with its exit code", async () => {
    const id = await host.running();
    // crun copies a terminal's output only until the process ends; on a busy machine the rest is lost.
    const result = await onTerminal(["exec", "--tty", id, "sh", "-c", "tty; sleep 0.5; exit 6"]);
    expect(result.code).toBe(6);
    expect(result.stdout).toMatch(/\/dev\/(pts\/\d+|console)\r\n/);
    await host.ok("delete", "--force", id);
  });

  test("exec without --tty gives the process none of its own", async () => {
    const id = await host.running();
    const result = await onTerminal(["exec", id, "sh", "-c", "echo $((6 * 7))"]);
    expect(result).toMatchObject({ code: 0, stdout: "42\r\n" });
    await host.ok("delete", "--force", id);
  });

  test("Ctrl-C reaches the program once", async () => {
    const script =
      "trap 'echo int; n=x$n' INT; echo ready; while [ ! -e /out/stop ]; do sleep 0.02; done; echo n=$n; exit 4";
    const bundle = host.bundle(script, terminal);
    const child = spawn("/usr/bin/script", [
      "-qec",
      `${RUNHCS} --root ${host.root} run -b ${bundle} ${host.newId()}`,
      "/dev/null",
    ]);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
    await eventually(() => output.includes("ready") || undefined);
    child.stdin.write("\u0003");
    await eventually(() => output.includes("int") || undefined);
    fs.writeFileSync(`${host.rootfs}/out/stop`, "");
    expect(await exitCodeOf(child)).toBe(4);
    expect(output).toContain("n=x\r\n");
  });

  test("a failure has a hint as its second line", async () => {
    const { code, stdout } = await onTerminal(["state", host.newId()]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^container "[^"]+" does not exist\r\nhint: [^\r\n]+\r\n$/);
  });
});

describe("a terminal is refused", () => {
  test.each([
    [
      "create",
      ["create"],
      terminal,
      [],
      "cannot allocate tty if runhcs will detach without setting console socket",
    ],
    [
      "run --detach",
      ["run", "-d"],
      terminal,
      [],
      "cannot allocate tty if runhcs will detach without setting console socket",
    ],
    [
      "create",
      ["create"],
      undefined,
      ["--console-socket", "/s"],
      "cannot use console socket if runhcs will not detach or allocate tty",
    ],
    [
      "run",
      ["run"],
      terminal,
      ["--console-socket", "/s"],
      "cannot use console socket if runhcs will not detach or allocate tty",
    ],
  ])("to %s: %s", async (_, command, change, flags, message) => {
    const result = await host.runhcs([...command, ...flags, "-b", host.bundle("true", change), host.newId()]);
    expect(result).toEqual({ code: 1, stdout: "", stderr: `${message}\n` });
  });

  test("when nobody listens at its socket, and nothing stays of the container", async () => {
    const id = host.newId();
    const words = ["create", "-b", host.bundle("true", terminal), "--console-socket", host.newPath(), id];
    const { code, stdout, stderr } = await host.runhcs(words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
  });
});
