/** Global flags that a process of runhcs that stays behind has to share with the call that starts it. */
export interface SharedFlags {
  root: string;
  owner: string;
  log?: string | undefined;
  "log-format": string;
  debug: boolean;
}

/** How this program is started again, with the same global flags: its file, and what comes before a command. */
export function ownProgram({ root, owner, log, "log-format": format, debug }: SharedFlags): string[] {
  const [file = process.execPath, script] = process.argv;
  return [
    // A compiled program is its own script, which its first argument then names in a place of its own.
    ...(file === process.execPath && script !== undefined ? [file, script] : [process.execPath]),
    "--root",
    root,
    "--owner",
    owner,
    ...(log === undefined ? [] : ["--log", log]),
    "--log-format",
    format,
    ...(debug ? ["--debug"] : []),
  ];
}
