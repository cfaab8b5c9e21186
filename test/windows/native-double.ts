// The double of the Windows libraries, as the tests load and steer it.
import type koffiModule from "koffi";
import type { LoadLibrary } from "../../src/hcs/windows/bindings/open-library.ts";

export type Koffi = typeof koffiModule;

/** What a function of the double does with its next calls. */
export interface Order {
  Function: string;
  /** HRESULT to return without doing anything. */
  Result?: number;
  /** Result document that goes with it. */
  Document?: string;
  DelayMs?: number;
  /** How many calls; 0 means all. */
  Times?: number;
}

/** Ways in which the double works as a whole. */
export interface Mode {
  /** Every function notes its arguments and gives back numbers of its parameters. */
  Echo?: boolean;
  /** Every function returns 0 at once. */
  Idle?: boolean;
  /** Results have the documented form, 0x8037nnnn, instead of the older one. */
  Documented?: boolean;
  /** The service has ended: callbacks are told so, and calls fail. */
  Dead?: boolean;
  /** Notifications that are dropped from now on: `Create`, `Start`, `Pause`, `Exit`, `ProcessExit`, `Disconnect` ... */
  Lost?: string[];
  /** Number of notifications that every system sends at once. */
  Storm?: number;
  /** Drops all orders, and loses nothing more. */
  Forget?: boolean;
}

/** What the double holds. */
export interface Counts {
  Allocations: number;
  BadFrees: number;
  BadHandles: number;
  /** The last function that was given a bad handle. */
  BadCall: string;
  Handles: number;
  Systems: number;
  Processes: number;
  Callbacks: number;
  /** Containers whose credentials the service guards. */
  Credentials: number;
  /** Host and guest sides of the devices of all VMs. */
  Devices: number;
  /** That are mounted. */
  Layers: number;
  /** Calls that wait because they were ordered to. */
  Delayed: number;
  Calls: number;
  MostRunning: number;
}

/** Files of Windows whose place the double takes, also ole32.dll for the memory that it gives away. */
const DOUBLED = new Set(["vmcompute.dll", "computestorage.dll", "virtdisk.dll", "ole32.dll"]);
const TEXT_LENGTH = 65536;

/** What tells on another host than Windows that there are no sockets of the hypervisor. */
const WITHOUT_SOCKETS = new Set(["ws2_32.dll", "kernel32.dll"]);
const INVALID_SOCKET = 0xffff_ffff_ffff_ffffn;
const WSAEAFNOSUPPORT = 10_047;
const withoutSockets = {
  func: (_: string, name: string) => {
    const results: Record<string, unknown> = {
      WSAStartup: 0,
      socket: INVALID_SOCKET,
      GetLastError: WSAEAFNOSUPPORT,
    };
    if (!Object.hasOwn(results, name)) throw new Error(`${name} is a function of Windows`);
    return () => results[name];
  },
} as unknown as ReturnType<LoadLibrary>;

/** A loaded double. */
export class NativeDouble {
  readonly koffi: Koffi;
  readonly path: string;
  /** Path of the program that runs in systems. */
  readonly program: string;
  /** Whether the tests run on Windows, or on what passes for it. */
  readonly isWindows: boolean;
  readonly loadLibrary: LoadLibrary;
  readonly #control: (text: string) => number;
  readonly #lastCall: (to: Uint16Array, size: number) => number;
  readonly #counts: (to: Uint16Array, size: number) => number;

  constructor(koffi: Koffi, path: string, program: string) {
    const library = koffi.load(path);
    this.koffi = koffi;
    this.path = path;
    this.program = program;
    this.isWindows = path.endsWith(".dll");
    this.loadLibrary = (file) => {
      if (!this.isWindows && WITHOUT_SOCKETS.has(file)) return withoutSockets;
      return koffi.load(DOUBLED.has(file) ? path : file);
    };
    this.#control = library.func("int32_t __stdcall DoubleControl(str16 text)");
    this.#lastCall = library.func("int32_t __stdcall DoubleLastCall(_Out_ char16_t *to, uint32_t size)");
    this.#counts = library.func("int32_t __stdcall DoubleCounts(_Out_ char16_t *to, uint32_t size)");
  }

  control(order: Order | Mode): void {
    this.#control(JSON.stringify(order));
  }

  lastCall(): { Function: string; Arguments: unknown[] } {
    return JSON.parse(read(this.#lastCall)) as { Function: string; Arguments: unknown[] };
  }

  /** Whether another process holds the double, and does not answer. */
  isSilent(): boolean {
    return this.#counts(new Uint16Array(TEXT_LENGTH), TEXT_LENGTH) < 0;
  }

  counts(): Counts {
    return JSON.parse(read(this.#counts)) as Counts;
  }

  /** Counts of what has to be given back. */
  held(): Partial<Counts> {
    return { ...this.counts(), Calls: 0, Delayed: 0, MostRunning: 0 };
  }
}

function read(call: (to: Uint16Array, size: number) => number): string {
  const units = new Uint16Array(TEXT_LENGTH);
  const length = call(units, TEXT_LENGTH);
  return Buffer.from(units.buffer, 0, length * 2).toString("utf16le");
}
