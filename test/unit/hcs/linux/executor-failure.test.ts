import { describe, expect, test } from "vitest";
import { ProcessError, RuntimeError, ToolError } from "../../../../src/base/errors.ts";
import { executorFailure, lastError, type FailedCall } from "../../../../src/hcs/linux/executor-failure.ts";
import { ComputeError, isAlreadyExists, isAlreadyStopped, isNotExist } from "../../../../src/hcs/results.ts";

function logOf(...messages: string[]): string {
  return messages.map((msg) => `${JSON.stringify({ msg, level: "error", time: "now" })}\n`).join("");
}

function failure(words: string, changes: Partial<FailedCall> = {}): RuntimeError {
  const call = { words: ["create", "--bundle", "/b"] };
  return executorFailure({ id: "web", executor: "crun", call, code: 1, log: logOf(words), ...changes });
}

const START = 'Cannot run container "web": unable to start container process: ';

describe("a program that cannot be run is told in the words engines look for when", () => {
  test.each([
    [
      "crun does not find it",
      "executable file `nosuch` not found in $PATH: No such file or directory",
      'exec: "nosuch": executable file not found in $PATH',
    ],
    ["crun cannot open it", "open executable: No such file or directory", "exec: no such file or directory"],
    ["crun may not open it", "open executable: Permission denied", "exec: permission denied"],
    ["crun may not run it", "open executable: Operation not permitted", "exec: permission denied"],
    ["crun finds a file in its path", "open executable: Not a directory", "exec: not a directory"],
    [
      "runc does not find it",
      'runc create failed: unable to start container process: exec: "/x": stat /x: no such file or directory',
      'exec: "/x": stat /x: no such file or directory',
    ],
    [
      "runc does not find it in PATH",
      'runc run failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
      'exec: "nosuch": executable file not found in $PATH',
    ],
    [
      "runc may not run it",
      'exec failed: unable to start container process: exec: "/etc": permission denied',
      'exec: "/etc": permission denied',
    ],
  ])("%s", (_, words, fault) => {
    const error = failure(words);
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({ code: "PROCESS_FAILED", message: START + fault });
  });
});

describe("a container's absence, presence or status is a result of the service when", () => {
  test.each([
    [
      "crun does not know it",
      "error opening file `/run/x/web/status`: container `web` does not exist: No such file or directory",
      isNotExist,
      'container "web" does not exist',
    ],
    [
      "an older crun does not know it",
      "error opening file `/run/x/web/status`: No such file or directory",
      isNotExist,
      'container "web" does not exist',
    ],
    ["runc does not know it", "container does not exist", isNotExist, 'container "web" does not exist'],
    [
      "crun knows it already",
      "container `web` already exists",
      isAlreadyExists,
      'container with given ID already exists: "web"',
    ],
    [
      "runc knows it already",
      "container with given ID already exists",
      isAlreadyExists,
      'container with given ID already exists: "web"',
    ],
    [
      "crun finds it stopped",
      "the container `web` is not running",
      isAlreadyStopped,
      'Cannot create container "web": container not running',
    ],
    ["runc finds it stopped", "container not running", isAlreadyStopped, "container not running"],
    [
      "a signal finds no process",
      "kill container: No such process",
      isAlreadyStopped,
      "container not running",
    ],
    [
      "Go finds its process finished",
      "unable to signal init: os: process already finished",
      isAlreadyStopped,
      "container not running",
    ],
  ])("%s", (_, words, is, message) => {
    const error = failure(words);
    expect(error).toBeInstanceOf(ComputeError);
    expect(is(error)).toBe(true);
    expect(error.message).toContain(message);
  });
});

describe("what a hook has said is no word of the container", () => {
  test.each([
    "error running hook #0: error running hook: exit status 1, stdout: , stderr: network blue does not exist",
    "error running startContainer hook: stderr: container `blue` does not exist",
    "error executing hook `/bin/sh`: it is not running",
  ])("%s", (words) => {
    expect(failure(words)).toMatchObject({ message: `Cannot create container "web": ${words}` });
  });
});

test("everything else is told in the executor's own words, on one line", () => {
  const error = failure("mount `proc` to `/proc`:\n  Operation not permitted\n");
  expect(error).toBeInstanceOf(ToolError);
  expect(error).toMatchObject({
    message: 'Cannot create container "web": mount `proc` to `/proc`:; Operation not permitted',
    originalMessage: "mount `proc` to `/proc`:\n  Operation not permitted",
  });
});

describe("an executor that says nothing is told by its exit code", () => {
  test.each([
    ["no log", ""],
    ["a log without errors", '{"msg":"careful","level":"warning"}\n'],
    ["a log that is no JSON", "panic: runtime error\n"],
  ])("with %s", (_, log) => {
    const error = failure("", { log, code: 139, executor: "runc" });
    expect(error.message).toBe('Cannot create container "web": runc ended with code 139 and said nothing');
  });
});

describe("a failure counts as printed", () => {
  test.each([
    ["with the caller's streams and a log", true, logOf("x"), true],
    ["not with streams of its own", false, logOf("x"), false],
    ["not when nothing was written", true, "", false],
  ])("%s", (_, ownStreams, log, printed) => {
    expect(failure("", { call: { words: ["run"], ownStreams }, log }).alreadyPrinted).toBe(printed);
  });
});

test("lastError takes the last error among other lines", () => {
  const log = `${logOf("first", " second \n")}{"level":"warning","msg":"later"}\n{"level":"err\n`;
  expect(lastError(log)).toBe("second");
  expect(lastError("")).toBeUndefined();
  expect(lastError('{"level":"error","msg":7}')).toBeUndefined();
  expect(lastError("null\n")).toBeUndefined();
});
