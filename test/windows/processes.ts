// Processes of Windows, as the tests look for those that should not be there any more.
import { win32 } from "node:path";
import type { Koffi } from "./native-double.ts";

const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const LONGEST_NAME = 1024;

/** Whether a process has not ended. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Looks for processes by the paths of their programs. @returns their pids */
export function findProcesses(koffi: Koffi, programs: readonly string[]): number[] {
  const paths = new Set(programs.map((path) => win32.resolve(path).toLowerCase()));
  const pathOf = imagePath(koffi);
  return listPids(koffi).filter((pid) => paths.has(pathOf(pid)));
}

function listPids(koffi: Koffi): number[] {
  const enumerate = koffi
    .load("kernel32.dll")
    .func("int __stdcall K32EnumProcesses(_Out_ uint32_t *pids, uint32_t size, _Out_ uint32_t *used)");
  const pids = new Uint32Array(4096);
  const used = new Uint32Array(1);
  enumerate(pids, pids.byteLength, used);
  return [...pids.subarray(0, (used[0] ?? 0) / 4)];
}

/** Gives a function that finds the path of a process's program, in lower case; "" if the process has ended. */
function imagePath(koffi: Koffi): (pid: number) => string {
  const kernel32 = koffi.load("kernel32.dll");
  const open = kernel32.func("intptr_t __stdcall OpenProcess(uint32_t access, int inherits, uint32_t pid)");
  const close = kernel32.func("int __stdcall CloseHandle(intptr_t handle)");
  const query = kernel32.func(
    "int __stdcall QueryFullProcessImageNameW(intptr_t process, uint32_t flags, _Out_ char16_t *name, _Inout_ uint32_t *size)",
  );
  return (pid) => {
    const handle = open(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) as number;
    if (handle === 0) return "";
    const name = new Uint16Array(LONGEST_NAME);
    const size = new Uint32Array([LONGEST_NAME]);
    const found = query(handle, 0, name, size) as number;
    close(handle);
    if (found === 0 || !isRunning(pid)) return "";
    return Buffer.from(name.buffer, 0, (size[0] ?? 0) * 2)
      .toString("utf16le")
      .toLowerCase();
  };
}
