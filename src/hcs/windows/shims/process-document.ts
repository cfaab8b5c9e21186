import type { ProcessParameters } from "../../../schema/hcs.ts";
import type { OciProcess } from "../../../schema/oci.ts";
import { commandLine } from "./command-line.ts";

/** Where and how a process is made. */
export interface ProcessPlace {
  guestOs: "Windows" | "Linux";
  /** Whether it is the first one. The guest of a Linux container knows that from the system's document. */
  isInit: boolean;
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
  if (place.guestOs === "Linux") return place.isInit ? common : { ...common, OciProcess: process };
  return { ...windowsProcess(process), ...common };
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
