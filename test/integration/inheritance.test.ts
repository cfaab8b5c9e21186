// What a process of a container must not inherit from runhcs, and what runhcs must not change for its caller.
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { processOf } from "../support/test-bundle.ts";
import { call, eventually, RUN_JS, RUNHCS, useTestHost } from "../support/test-host.ts";

const host = useTestHost("inheritance");

/** runhcs as an engine calls it, and on Node. */
const PROGRAMS = [
  ["the executable", [RUNHCS]],
  ["Node", [process.execPath, RUN_JS]],
] as const;

/** Calls runhcs and requires that it succeeds in silence. @returns what it prints */
async function ok(program: readonly string[], ...line: string[]): Promise<string> {
  const [path = "", ...rest] = [...program, "--root", host.root, ...line];
  const { code, stdout, stderr } = await call(path, rest, host.folder);
  expect({ code, stderr }, line.join(" ")).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe.each(PROGRAMS)("signals are handled as by default, not as by %s,", (_, program) => {
  const status = processOf(["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"]);
  const none = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";

  test.each(["crun", "runc"])("by the processes of %s", async (executor) => {
    const flags = ["--executor", executor];
    const run = [...flags, "run", "--bundle", host.bundle(status), host.newId()];
    expect(await ok(program, ...run)).toBe(none);

    const id = host.newId();
    // The shell itself ignores SIGQUIT, what it starts does not.
    const show = (file: string) => `grep -E 'Sig(Ign|Blk)' /proc/self/status > /out/${file}`;
    const script = `${show("init")}; while :; do sleep 0.02; done`;
    await ok(program, ...flags, "create", "--bundle", host.bundle(script), id);
    await ok(program, "start", id);
    expect(await eventually(() => host.readOut("init"))).toBe(none);
    fs.rmSync(join(host.rootfs, "out/init"));

    expect(await ok(program, "exec", id, ...(status.args ?? []))).toBe(none);
    await ok(program, "exec", "--detach", id, "sh", "-c", `${show("exec")}; true`);
    expect(await eventually(() => host.readOut("exec"))).toBe(none);
    fs.rmSync(join(host.rootfs, "out/exec"));
    await host.ok("delete", "--force", id);
  });
});

/**
 * Gives a program pipes as its standard streams, half of them waiting and half not, and prints which of them
 * are non-blocking before and after.
 */
const PIPES = `
import fcntl, os, subprocess, sys
for blocking in (True, False):
    pipes = [os.pipe() for _ in range(3)]
    for pair in pipes:
        for fd in pair:
            os.set_blocking(fd, blocking)
    os.close(pipes[0][1])
    streams = [pipes[0][0], pipes[1][1], pipes[2][1]]
    before = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in streams]
    code = subprocess.run([word.replace("@", sys.argv[1] + str(blocking)) for word in sys.argv[2:]],
        stdin=streams[0], stdout=streams[1], stderr=streams[2]).returncode
    after = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in streams]
    print(code, after == before)
`;

describe.each(PROGRAMS)("the caller's pipes stay as they are when %s", (_, program) => {
  let file = "";
  beforeAll(() => {
    file = host.newPath();
    fs.writeFileSync(file, PIPES);
  });

  const python = (...words: string[]) =>
    call("/usr/bin/python3", [file, host.newId(), ...program, "--root", host.root, ...words], host.folder);

  test.each(["create", "run", "run --detach", "exec", "exec --detach", "state", "list"])(
    "calls %s",
    async (line) => {
      const [command = "", ...flags] = line.split(" ");
      const id = await host.running();
      const words = ["exec", "state"].includes(command)
        ? [command, ...flags, id, ...(command === "exec" ? ["sh", "-c", "echo out; echo err >&2"] : [])]
        : command === "list"
          ? ["list"]
          : [command, ...flags, "--bundle", host.bundle("echo out; echo err >&2"), "@"];
      const { stdout, stderr } = await python(...words);
      expect({ stdout, stderr }).toEqual({ stdout: "0 True\n0 True\n", stderr: "" });
      await host.ok("delete", "--force", id);
    },
  );
});
