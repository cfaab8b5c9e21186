/**
 * kernel32.dll: handles, pipes, volumes and processors.
 *
 * FFI: handles belong to the caller until CloseHandle. Reads, writes and connections block the worker thread
 * that makes them; streams of processes therefore do not use them, see process-streams.ts.
 */
import { bool, handle, u32 } from "./signature.ts";

/** Stands for this process where a handle of a process is wanted; it is never closed. */
export const CURRENT_PROCESS = 0xffff_ffff_ffff_ffffn;

/** Asks for the processors of every group. */
export const ALL_PROCESSOR_GROUPS = 0xffff;

/** The table of kernel32.dll. */
export const KERNEL32 = {
  file: "kernel32.dll",
  feature: "Windows",
  functions: {
    CloseHandle: bool("handle"),
    // Gives null, or the handle if it could not be freed.
    LocalFree: handle("handle"),
    // FFI: given the handle of this process it does not return.
    TerminateProcess: bool("handle", "u32"),
    GetProcessHandleCount: bool("handle", "out u32"),
    GetActiveProcessorCount: u32("u32"),

    GetFileInformationByHandleEx: bool("handle", "u32", "buffer", "u32"),
    CreateFileW: handle("string", "u32", "u32", "buffer", "u32", "u32", "handle"),
    ReadFile: bool("handle", "buffer", "u32", "out u32", "buffer"),
    WriteFile: bool("handle", "buffer", "u32", "out u32", "buffer"),
    CancelIoEx: bool("handle", "buffer"),
    CreateNamedPipeW: handle("string", "u32", "u32", "u32", "u32", "u32", "u32", "buffer"),
    ConnectNamedPipe: bool("handle", "buffer"),
    DisconnectNamedPipe: bool("handle"),
    WaitNamedPipeW: bool("string", "u32"),
    PeekNamedPipe: bool("handle", "buffer", "u32", "out u32", "out u32", "out u32"),
    DeviceIoControl: bool("handle", "u32", "buffer", "u32", "buffer", "u32", "out u32", "buffer"),

    // Both paths end with a backslash.
    SetVolumeMountPointW: bool("string", "string"),
    DeleteVolumeMountPointW: bool("string"),
    GetVolumeNameForVolumeMountPointW: bool("string", "buffer", "u32"),
    GetDiskFreeSpaceExW: bool("string", "out u64", "out u64", "out u64"),
  },
  since: {},
} as const;
