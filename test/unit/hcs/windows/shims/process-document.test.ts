import { describe, expect, test } from "vitest";
import { processDocument, type ProcessPlace } from "../../../../../src/hcs/windows/shims/process-document.ts";
import type { OciProcess } from "../../../../../src/schema/oci.ts";
import { checkProcessParameters } from "../../../../../src/schema/validate-hcs-requests.ts";

const WINDOWS: ProcessPlace = { guestOs: "Windows", isInit: true, hasInput: true };
const LINUX: ProcessPlace = { guestOs: "Linux", isInit: true, hasInput: true };
const PIPES = { CreateStdInPipe: true, CreateStdOutPipe: true, CreateStdErrPipe: true };
const PROCESS: OciProcess = { cwd: "C:\\srv", args: ["cmd", "/c", "dir C:\\"] };

const documentOf = (process: OciProcess, place: ProcessPlace) => {
  const document = processDocument(process, place);
  expect(checkProcessParameters(document).faults).toEqual([]);
  return document;
};

describe("the document of a Windows process", () => {
  test("has its command line, folder and variables, and a pipe for each stream", () => {
    const env = ["A=b=c", "EMPTY=", "NONE", "=C:=C:\\srv"];
    expect(documentOf({ ...PROCESS, env }, WINDOWS)).toEqual({
      CommandLine: 'cmd /c "dir C:\\\\"',
      WorkingDirectory: "C:\\srv",
      Environment: { A: "b=c", EMPTY: "" },
      ...PIPES,
    });
  });

  test.each<[string, Partial<OciProcess>, object]>([
    ["the command line before arguments", { commandLine: "cmd /c  x" }, { CommandLine: "cmd /c  x" }],
    [
      "arguments where the command line is empty",
      { commandLine: "", args: ["a b"] },
      { CommandLine: '"a b"' },
    ],
    ["the root of the drive where no folder is named", { cwd: "" }, { WorkingDirectory: "C:\\" }],
    ["its user", { user: { username: "ContainerUser" } }, { User: "ContainerUser" }],
  ])("has %s", (_, parts, members) => {
    expect(documentOf({ ...PROCESS, ...parts }, WINDOWS)).toMatchObject(members);
  });

  test("has no pipe for an input that there is not", () => {
    expect(documentOf(PROCESS, { ...WINDOWS, hasInput: false })).toMatchObject({ CreateStdInPipe: false });
  });

  test("with a terminal has one output and the size of its console", () => {
    const terminal = { ...PROCESS, terminal: true };
    expect(documentOf({ ...terminal, consoleSize: { height: 24, width: 80 } }, WINDOWS)).toMatchObject({
      EmulateConsole: true,
      ConsoleSize: [24, 80],
      CreateStdErrPipe: false,
    });
    expect(documentOf(terminal, WINDOWS)).not.toHaveProperty("ConsoleSize");
  });

  test("is the same for a further process", () => {
    const later = documentOf(PROCESS, { ...WINDOWS, isInit: false });
    expect(later).toEqual(documentOf(PROCESS, WINDOWS));
  });
});

describe("the document of a Linux process", () => {
  const process: OciProcess = { cwd: "/", args: ["sh"], env: ["A=b"] };

  test("that is the first has only its pipes, as the guest knows it from the container's document", () => {
    expect(documentOf(process, LINUX)).toEqual(PIPES);
  });

  test("that is a further one has it as the bundle would", () => {
    expect(documentOf(process, { ...LINUX, isInit: false })).toEqual({ ...PIPES, OciProcess: process });
  });

  describe("beside the containers of a VM", () => {
    const inVm: ProcessPlace = { ...LINUX, isInit: false, inUtilityVm: true };
    const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    test("is made of arguments, with programs where a guest has them", () => {
      expect(documentOf({ cwd: "", args: ["ls", "a b"], env: ["A=b"] }, inVm)).toEqual({
        ...PIPES,
        CommandArgs: ["ls", "a b"],
        WorkingDirectory: "/",
        Environment: { PATH, A: "b" },
        CreateInUtilityVm: true,
      });
    });

    test("has its own path, folder and command line if there are any", () => {
      const own = documentOf({ cwd: "/srv", commandLine: "ls 'a b'", env: ["PATH=/opt"] }, inVm);
      expect(own).toMatchObject({
        CommandLine: "ls 'a b'",
        WorkingDirectory: "/srv",
        Environment: { PATH: "/opt" },
      });
      expect(own).not.toHaveProperty("CommandArgs");
    });
  });
});
