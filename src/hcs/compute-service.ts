/**
 * The seam between everything that knows containers and the service that runs them.
 *
 * The names and documents are those of Microsoft's Host Compute Service (HCS): a compute system is a
 * container or a utility VM, made from a JSON document; processes are created in it; properties and
 * notifications tell what it does. On Windows the service is vmcompute.dll, on Linux an embedded one.
 *
 * @see https://learn.microsoft.com/virtualization/api/hcs/overview
 */
import type { ComputeSystem as SystemDocument, ContainerConfig } from "../schema/hcs.ts";
import type { OwnedVm } from "./vm-owners.ts";
import type { LinuxResources, OciConfig, OciFeatures, OciProcess } from "../schema/oci.ts";

/** The version of the HCS document schema that a document is written in. */
export interface SchemaVersion {
  Major: number;
  Minor: number;
}

/** What the root file system of a container is made of. */
export interface ContainerStorage {
  /** Folders of the read-only layers, top-most first. */
  Layers: { Path: string }[];
  /** Folder of the scratch, which takes the changes. */
  Path: string;
}

/** The document of a Linux container: the bundle's folder and its specification, unstripped. */
export interface LinuxContainerDocument {
  SchemaVersion: SchemaVersion;
  /** Absolute path of the bundle; relative paths of the specification start here. */
  OciBundlePath: string;
  OciSpecification: OciConfig;
  /** Layers to mount, instead of the specification's root file system. They are the system's until it is terminated. */
  Storage?: ContainerStorage;
}

/** The documents of a container on a Windows host. */
export interface WindowsContainerDocument {
  /** From which the service makes the system; absent if the owner of `Vm` makes it. */
  System?: SystemDocument | ContainerConfig;
  /** The first process. The guest of a Linux container knows it from the system's own document. */
  InitProcess: OciProcess;
  GuestOs: "Windows" | "Linux";
  /** Names the client in the list of the host's systems. */
  Owner: string;
  /** The VM in which the container is made. */
  Vm?: OwnedVm;
}

/** Every document that makes a compute system; each host takes its own. */
export type ComputeSystemDocument = LinuxContainerDocument | WindowsContainerDocument;

/** States of a compute system, as HCS names them. */
export type SystemState = "Creating" | "Created" | "Running" | "Paused" | "Stopped";

/**
 * How a process is connected to the calling process. Its standard streams are always the caller's own
 * file descriptors 0 to 2, handed on without a copy.
 */
export interface Attachment {
  /** Path of a unix socket that receives the console's master side (SCM_RIGHTS). */
  consoleSocket?: string;
  /** Number of further descriptors, from 3 upwards, that the process inherits. */
  preserveFds: number;
  /** Whether the call returns once the process runs instead of waiting for its end. */
  detached: boolean;
  /** File that receives the process's host pid, whole, before a detached call returns. */
  pidFile?: string;
  /** File that gets what the process's shim has to say, on a host that has shims. */
  shimLog?: string;
}

/** An attachment, plus what only the first process of a container knows. */
export interface InitAttachment extends Attachment {
  /** Moves the root file system with MS_MOVE instead of pivot_root (for a root on a ramdisk). */
  noPivot: boolean;
  /** Keeps the caller's session keyring. */
  noNewKeyring: boolean;
  /**
   * Called when a system has been made, before its first process can be started; if it rejects, nothing is left. The
   * pid is that of the process on the host. Only a service that executes no hooks itself calls it.
   */
  onCreated?: (pid: number) => Promise<void>;
  /** Called likewise when a run has started the first process; if it rejects, the system is terminated. */
  onStarted?: (pid: number) => Promise<void>;
  /** Called when an attached run has nothing left to do but to follow the system, on which others may act from then on. */
  onFollow?: () => void;
}

/** What a caller can ask of a compute system; `State` and `ProcessId` always come. */
export type PropertyType = "ProcessList" | "Metrics";

/** Answers of a compute system about itself. */
export interface SystemProperties {
  Id: string;
  RuntimeOsType: "Linux" | "Windows";
  State: SystemState;
  /** Host pid of the init process; 0 when stopped. */
  ProcessId: number;
  /** The program that executes the system's containers, for people; undefined where the host does it itself. */
  Executor?: string;
  /** Host pids of all processes, in ascending order. */
  ProcessList?: number[];
  /** What the service itself knows of these processes, on a host whose tools do not show them. */
  ProcessDetails?: ProcessDetails[];
  /** Resource usage in the shape of runc's `events --stats` data. */
  Metrics?: Record<string, unknown>;
}

/** A process, as the compute service describes it. */
export interface ProcessDetails {
  ProcessId: number;
  ImageName?: string;
  CreateTimestamp?: string;
  /** Bytes. */
  MemoryWorkingSetPrivateBytes?: number | bigint;
}

/** A compute system of any program on this host. */
export interface ListedSystem {
  Id: string;
  Owner: string;
  /** As the service names it; it knows more states than this program. */
  State: string;
  SystemType: string;
}

/** A change of a live compute system. */
export interface ModifyRequest {
  ResourcePath: "Container/Resources";
  RequestType: "Update";
  Settings: LinuxResources;
}

/** A process to create in a running compute system. */
export interface ProcessParameters {
  OciProcess: OciProcess;
  /** Sub-cgroups to place the process in, as runc's `exec --cgroup`. */
  Cgroups?: string[];
  /** Makes the process even though the system is paused; it runs when that is resumed. */
  IgnorePaused?: boolean;
}

/** Something that happened in a compute system. */
export type Notification =
  | { Type: "SystemExited" }
  /** The kernel killed a process of the system because its memory limit was reached. */
  | { Type: "OutOfMemory" };

/** Signal to deliver, in the numbers of the guest's operating system. */
export interface SignalProcessOptions {
  Signal: number;
}

/** Options of a saved (checkpointed) system, in CRIU's terms. */
export interface SaveOptions {
  ImagePath: string;
  /** Further options, passed to the executor as `--name` or `--name value`. */
  Flags: Record<string, string | true>;
}

/** A process in a compute system. */
export interface ComputeProcess {
  /** Host pid. */
  readonly pid: number;
  /** @throws {ComputeError} isAlreadyStopped when the process has exited */
  signal(options: SignalProcessOptions): Promise<void>;
  /** Sets the size of the process's terminal. @returns false if it has none */
  resizeConsole(columns: number, rows: number): Promise<boolean>;
  /** Waits for the end of an attached process. @returns its exit code; 128+n when signal n killed it */
  wait(): Promise<number>;
}

/** A container or utility VM. */
export interface ComputeSystem {
  readonly id: string;
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  modify(request: ModifyRequest): Promise<void>;
  properties(types?: readonly PropertyType[]): Promise<SystemProperties>;
  createProcess(parameters: ProcessParameters, attachment: Attachment): Promise<ComputeProcess>;
  /** Opens a process of the system by its host pid. @throws {ComputeError} isNotExist */
  openProcess(pid: number): Promise<ComputeProcess>;
  /** Opens the first process. @throws {ComputeError} isAlreadyStopped when it has exited */
  openInitProcess(): Promise<ComputeProcess>;
  /** Signals every process of the system. */
  signalAll(options: SignalProcessOptions): Promise<void>;
  /** Yields notifications until the system exits or `abort` fires. */
  notifications(abort: AbortSignal): AsyncIterable<Notification>;
  /** Writes the system's memory and state to files and, unless told otherwise, stops it. */
  save(options: SaveOptions): Promise<void>;
  /** Kills what still runs and removes every trace of the system; absent parts are no error. */
  terminate(): Promise<void>;
}

/** Something that an interrupted call has left behind. */
export interface Leftover {
  /** The system that it belongs to, if it belongs to one. */
  systemId?: string;
  /** What it is and where, for people. */
  description: string;
  /** Looks again and removes it. @returns false if it has come into use since it was found */
  remove(): Promise<boolean>;
}

/** What was found of one thing that containers need. */
export interface Diagnosis {
  /** What was looked at: `executor`, `cgroups` ... */
  subject: string;
  /** `fail` means that no container can run. */
  verdict: "ok" | "warn" | "fail";
  found: string;
  /** What to do, in one line, unless all is well. */
  remedy?: string;
}

/** The service that makes and finds compute systems. */
export interface ComputeService {
  /**
   * Makes a system whose init process waits for `start`.
   *
   * @throws {ComputeError} HCS_E_SYSTEM_ALREADY_EXISTS
   * @throws {ProcessError} when the init process cannot be launched
   */
  createSystem(
    id: string,
    document: ComputeSystemDocument,
    attachment: InitAttachment,
  ): Promise<ComputeSystem>;
  /**
   * Creates and starts a system in one step. Attached, it waits for the init process and removes the system.
   *
   * @returns the exit code of the init process, or 0 at once when detached
   */
  runSystem(id: string, document: ComputeSystemDocument, attachment: InitAttachment): Promise<number>;
  /** Makes a system from saved files, running. @returns as `runSystem` */
  restoreSystem(
    id: string,
    document: ComputeSystemDocument,
    attachment: InitAttachment,
    saved: SaveOptions,
  ): Promise<number>;
  /** @throws {ComputeError} isNotExist */
  openSystem(id: string): Promise<ComputeSystem>;
  /** Ids of all systems, including those that an interrupted call left half made. */
  enumerateSystems(): Promise<string[]>;
  /** Systems that run on this host, whoever made them; none where nobody else can make any. */
  enumerateHost(): Promise<ListedSystem[]>;
  /** Finds what interrupted calls have left behind and nobody can use any more. */
  findLeftovers(): Promise<Leftover[]>;
  /** Tells what this host can execute. */
  features(): Promise<OciFeatures>;
  /** Looks for everything that containers need of this host. */
  diagnose(): Promise<Diagnosis[]>;
}
