// Which Windows Wine is.
import { spawnSync } from "node:child_process";

const WINE = "HKCU\\Software\\Wine";
const VERSION = "HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion";

/** Runs reg.exe. @returns what it says; undefined if it fails */
function reg(...words: string[]): string | undefined {
  const { status, stdout } = spawnSync("reg.exe", words, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

function setBuild(build: string): void {
  const words = ["add", VERSION, "/v", "CurrentBuildNumber", "/d", build, "/f"];
  if (reg(...words) === undefined) throw new Error(`Wine cannot be made build ${build}`);
}

/** Does something while the programs that Wine starts take it for a build of Windows. Windows itself stays what it is. */
export async function asBuild(build: number, body: () => Promise<void>): Promise<void> {
  if (reg("query", WINE) === undefined) return body();
  // Programs ask for another value, so this one tells what it was, also if a run was killed.
  const [, own = ""] = /CurrentBuild\s+REG_SZ\s+([0-9]+)/.exec(reg("query", VERSION) ?? "") ?? [];
  setBuild(String(build));
  try {
    await body();
  } finally {
    setBuild(own);
  }
}
