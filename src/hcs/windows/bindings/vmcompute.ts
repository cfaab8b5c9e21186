/**
 * vmcompute.dll: compute systems, their processes, layers and the network service.
 *
 * FFI, for all functions: every call can block for as long as the service takes, so none is made on the main
 * thread. Strings in are copies that live until the call returns; strings out are the caller's, freed once.
 * A result document is written on success, on failure and when the operation goes on.
 */
import { hresult } from "./signature.ts";

const systems = {
  HcsEnumerateComputeSystems: hresult("string", "out string", "out string"),
  HcsGetServiceProperties: hresult("string", "out string", "out string"),
  HcsModifyServiceSettings: hresult("string", "out string"),

  // FFI: the handle, also one that comes with a pending result, is open until HcsCloseComputeSystem. Closing the
  // last handle ends neither the system nor its processes, unless its document says so.
  HcsCreateComputeSystem: hresult("string", "string", "handle", "out handle", "out string"),
  HcsOpenComputeSystem: hresult("string", "out handle", "out string"),
  HcsCloseComputeSystem: hresult("handle"),

  HcsStartComputeSystem: hresult("handle", "string", "out string"),
  HcsShutdownComputeSystem: hresult("handle", "string", "out string"),
  HcsTerminateComputeSystem: hresult("handle", "string", "out string"),
  HcsPauseComputeSystem: hresult("handle", "string", "out string"),
  HcsResumeComputeSystem: hresult("handle", "string", "out string"),
  HcsSaveComputeSystem: hresult("handle", "string", "out string"),
  HcsGetComputeSystemProperties: hresult("handle", "string", "out string", "out string"),
  HcsModifyComputeSystem: hresult("handle", "string", "out string"),

  // FFI: the callback is called on threads of the service until the unregistration has returned, which waits for
  // calls under way; these wait for the main thread. The context is a number, never a pointer.
  HcsRegisterComputeSystemCallback: hresult("handle", "callback", "u64", "out handle"),
  HcsUnregisterComputeSystemCallback: hresult("handle"),
} as const;

const processes = {
  // FFI: the process handle is open until HcsCloseProcess; the pipes of the structure belong to the caller and
  // are closed one by one. HcsGetProcessInfo gives further handles of the same pipes.
  HcsCreateProcess: hresult("handle", "string", "out process", "out handle", "out string"),
  HcsOpenProcess: hresult("handle", "u32", "out handle", "out string"),
  HcsCloseProcess: hresult("handle"),
  HcsTerminateProcess: hresult("handle", "out string"),
  HcsSignalProcess: hresult("handle", "string", "out string"),
  HcsGetProcessInfo: hresult("handle", "out process", "out string"),
  HcsGetProcessProperties: hresult("handle", "out string", "out string"),
  HcsModifyProcess: hresult("handle", "string", "out string"),
  // FFI: as for systems.
  HcsRegisterProcessCallback: hresult("handle", "callback", "u64", "out handle"),
  HcsUnregisterProcessCallback: hresult("handle"),
} as const;

const layers = {
  // FFI: structures and arrays are read during the call. Nothing is handed over: an activated or prepared layer
  // is state of the host, which outlives this process and is undone by the inverse call.
  ActivateLayer: hresult("driver", "string"),
  DeactivateLayer: hresult("driver", "string"),
  // One call at a time in the whole process: the filter driver loses layers otherwise.
  PrepareLayer: hresult("driver", "string", "layers"),
  UnprepareLayer: hresult("driver", "string"),
  CreateLayer: hresult("driver", "string", "string"),
  DestroyLayer: hresult("driver", "string"),
  CreateSandboxLayer: hresult("driver", "string", "u64", "layers"),
  ExpandSandboxSize: hresult("driver", "string", "u64"),
  CopyLayer: hresult("driver", "string", "string", "layers"),
  ExportLayer: hresult("driver", "string", "string", "layers"),
  ImportLayer: hresult("driver", "string", "string", "layers"),
  // The length is in characters with the final NUL; without a buffer the call only tells it.
  GetLayerMountPath: hresult("driver", "string", "inout u64", "buffer"),
  LayerExists: hresult("driver", "string", "out u32"),
  GetBaseImages: hresult("out string"),
  NameToGuid: hresult("string", "out guid"),
  ProcessBaseImage: hresult("string"),
  ProcessUtilityImage: hresult("string"),
} as const;

/** The table of vmcompute.dll. */
export const VMCOMPUTE = {
  file: "vmcompute.dll",
  feature: "the feature Containers or Hyper-V",
  functions: {
    ...systems,
    ...processes,
    ...layers,
    GrantVmAccess: hresult("string", "string"),
    HNSCall: hresult("string", "string", "string", "out string"),
  },
  since: { HcsSignalProcess: 17763 },
} as const;
