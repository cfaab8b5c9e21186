/**
 * The structures that cross the boundary, as koffi declares them and as JavaScript sees them.
 *
 * Sizes and offsets are those of 64-bit Windows. Types have no names, because koffi's names are global to
 * the process and cannot be declared twice.
 */
import type { Koffi } from "../koffi.ts";
import type { Handle } from "./handle.ts";

/** GUID: 16 bytes, aligned to 4. */
export interface Guid {
  Data1: number;
  Data2: number;
  Data3: number;
  Data4: readonly number[];
}

/** HCS_PROCESS_INFORMATION. FFI: the caller owns the three handles, each null if the process has no such pipe. */
export interface ProcessInformation {
  ProcessId: number;
  Reserved: number;
  StdInput: Handle;
  StdOutput: Handle;
  StdError: Handle;
}

/** DRIVER_INFO: 1 is the filter driver. With an empty home folder, layers are named by their full path. */
export interface DriverInfo {
  Flavour: number;
  HomeDir: string;
}

/** WC_LAYER_DESCRIPTOR. */
export interface LayerDescriptor {
  LayerId: Guid;
  /** Bit 31: made from a scratch as a snapshot. */
  Flags: number;
  Path: string;
}

/** VIRTUAL_STORAGE_TYPE. */
export interface StorageType {
  DeviceId: number;
  VendorId: Guid;
}

/** OPEN_VIRTUAL_DISK_PARAMETERS, version 2. */
export interface OpenDiskParameters {
  Version: 2;
  GetInfoOnly: number;
  ReadOnly: number;
  ResiliencyGuid: Guid;
}

/** koffi's types of everything that a signature can name. */
export type NativeTypes = ReturnType<typeof declareTypes>;

/** Declares the types anew. */
export function declareTypes(koffi: Koffi) {
  const handle = koffi.pointer(koffi.opaque());
  const guid = koffi.struct({
    Data1: "uint32_t",
    Data2: "uint16_t",
    Data3: "uint16_t",
    Data4: koffi.array("uint8_t", 8, "Array"),
  });
  return {
    handle,
    guid,
    processInformation: koffi.struct({
      ProcessId: "uint32_t",
      Reserved: "uint32_t",
      StdInput: handle,
      StdOutput: handle,
      StdError: handle,
    }),
    driverInfo: koffi.struct({ Flavour: "int32_t", HomeDir: "str16" }),
    layerDescriptor: koffi.struct({ LayerId: guid, Flags: "uint32_t", Path: "str16" }),
    storageType: koffi.struct({ DeviceId: "uint32_t", VendorId: guid }),
    openDiskParameters: koffi.struct({
      Version: "uint32_t",
      GetInfoOnly: "int32_t",
      ReadOnly: "int32_t",
      ResiliencyGuid: guid,
    }),
    /** FFI: called on a thread of the service, which waits until JavaScript has run. The text ends with the call. */
    notificationCallback: koffi.proto("__stdcall", "void", ["uint32_t", "uintptr_t", "int32_t", "str16"]),
  };
}
