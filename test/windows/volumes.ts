// A double of volumes: the functions of kernel32.dll that open one and act on it.
import type { NativeLibrary } from "../../src/hcs/windows/koffi.ts";
import type { LoadLibrary } from "../../src/hcs/windows/bindings/open-library.ts";

const IOCTL_DISK_GET_LENGTH_INFO = 0x7405c;
const FSCTL_EXTEND_VOLUME = 0x900f0;
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_INVALID_FUNCTION = 1;
const ERROR_INVALID_HANDLE = 6;
const INVALID_HANDLE = 0xffff_ffff_ffff_ffffn;

type Done = (error: unknown, value: unknown) => void;

/** One volume. What is called is noted. */
export class Volumes {
  /** Path by which it is opened. */
  readonly path: string;
  /** Bytes of its partition. */
  length: bigint;
  /** Sectors of its file system, once it was extended. */
  sectors: bigint | undefined;
  /** Last error with which the next call of a function, or with a code, fails. */
  readonly failures = new Map<string | number, number>();
  /** Handles that are open. */
  readonly open = new Set<bigint>();
  #next = 0x40n;
  #lastError = 0;

  constructor(path: string, length: bigint) {
    this.path = path;
    this.length = length;
  }

  /** Puts the double in the place of kernel32.dll. */
  in(loadLibrary: LoadLibrary): LoadLibrary {
    const own: Record<string, (...args: never[]) => unknown> = {
      CreateFileW: (path: string) => this.#open(path),
      DeviceIoControl: (handle: bigint, code: number, input: Buffer, _: number, output: Buffer) =>
        this.#control(handle, code, input ?? output),
      CloseHandle: (handle: bigint) => Number(this.open.delete(handle)),
    };
    const func = (...declaration: unknown[]): unknown => {
      const name = String(declaration[1]);
      if (name === "GetLastError") return () => this.#lastError;
      const async = (...inputs: unknown[]): void => {
        const done = inputs.pop() as Done;
        const value = this.#failed(name) ? (name === "CreateFileW" ? INVALID_HANDLE : 0) : undefined;
        setImmediate(() => done(null, value ?? own[name]?.(...(inputs as never[]))));
      };
      return Object.assign(() => undefined, { async });
    };
    return (file) => (file === "kernel32.dll" ? ({ func } as unknown as NativeLibrary) : loadLibrary(file));
  }

  #failed(what: string | number): boolean {
    const failure = this.failures.get(what);
    if (failure === undefined) return false;
    this.failures.delete(what);
    this.#lastError = failure;
    return true;
  }

  #open(path: string): bigint {
    this.#lastError = ERROR_FILE_NOT_FOUND;
    if (path !== this.path) return INVALID_HANDLE;
    this.open.add(++this.#next);
    return this.#next;
  }

  #control(handle: bigint, code: number, data: Buffer): number {
    if (this.#failed(code)) return 0;
    this.#lastError = ERROR_INVALID_HANDLE;
    if (!this.open.has(handle)) return 0;
    this.#lastError = ERROR_INVALID_FUNCTION;
    if (code === IOCTL_DISK_GET_LENGTH_INFO) data.writeBigInt64LE(this.length);
    else if (code === FSCTL_EXTEND_VOLUME) this.sectors = data.readBigInt64LE();
    else return 0;
    return 1;
  }
}
