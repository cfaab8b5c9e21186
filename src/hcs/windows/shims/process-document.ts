import type { ProcessParameters } from "../../../schema/hcs.ts";
import type { OciProcess } from "../../../schema/oci.ts";
import { commandLine } from "./command-line.ts";

/** Where and how a process is made. */
export interface ProcessPlace {
  guestOs: "Windows" | "Linux";
  /** Whether it is the first one. The guest of a Linux container knows that from the system's document. */
  isInit: boolean;
  /** Whether it runs in the utility VM and not in a container. The guest of a Windows VM has no other choice. */
  inUtilityVm?: boolean;
  /** Whether there is an input that it could read. */
  hasInput: boolean;
}

/** The document from which the service makes a process. With a terminal all output comes through one pipe. */
export function processDocument(process: OciProcess, place: ProcessPlace): ProcessParameters {
  const hasTerminal = process.terminal === true;
  const { height, width } = process.consoleSize ?? {};
  const common: ProcessParameters = {
    ...(hasTerminal ? { EmulateConsole: true } : {}),
    ...(hasTerminal && height !== undefined && width !== undefined ? { ConsoleSize: [height, width] } : {}),
    CreateStdInPipe: place.hasInput,
    CreateStdOutPipe: true,
    CreateStdErrPipe: !hasTerminal,
  };
  if (place.guestOs === "Linux" && place.inUtilityVm === true) return { ...guestProcess(process), ...common };
  if (place.guestOs === "Linux") return place.isInit ? common : { ...common, OciProcess: process };
  return { ...windowsProcess(process), ...common };
}

const GUEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The agent of a Linux guest makes a process beside the containers of arguments, not of an OCI process. */
function guestProcess({ commandLine: line, args, cwd, env }: OciProcess): ProcessParameters {
  return {
    ...(line !== undefined && line !== "" ? { CommandLine: line } : { CommandArgs: args ?? [] }),
    WorkingDirectory: cwd === "" ? "/" : cwd,
    Environment: { PATH: GUEST_PATH, ...environment(env ?? []) },
    CreateInUtilityVm: true,
  };
}

function windowsProcess({ commandLine: line, args, cwd, user, env }: OciProcess): ProcessParameters {
  return {
    CommandLine: line !== undefined && line !== "" ? line : commandLine(args ?? []),
    WorkingDirectory: cwd === "" ? "C:\\" : cwd,
    ...(user?.username === undefined ? {} : { User: user.username }),
    Environment: environment(env ?? []),
  };
}

/** Variables without a name, or without an equals sign, mean nothing. */
function environment(variables: readonly string[]): Record<string, string> {
  const named = variables.flatMap((variable): [string, string][] => {
    const at = variable.indexOf("=");
    return at > 0 ? [[variable.slice(0, at), variable.slice(at + 1)]] : [];
  });
  return Object.fromEntries(named);
}
