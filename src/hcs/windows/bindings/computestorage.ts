/**
 * computestorage.dll: layers as folders and disks.
 *
 * FFI: as in vmcompute.dll; handles of disks come from virtdisk.dll and stay the caller's.
 */
import { hresult } from "./signature.ts";

/** The table of computestorage.dll. */
export const COMPUTESTORAGE = {
  file: "computestorage.dll",
  feature: "the feature Containers or Hyper-V, from build 17763",
  functions: {
    HcsImportLayer: hresult("string", "string", "string"),
    HcsExportLayer: hresult("string", "string", "string", "string"),
    HcsDestroyLayer: hresult("string"),
    HcsSetupBaseOSLayer: hresult("string", "handle", "string"),
    HcsSetupBaseOSVolume: hresult("string", "string", "string"),
    HcsInitializeWritableLayer: hresult("string", "string", "string"),
    HcsAttachLayerStorageFilter: hresult("string", "string"),
    HcsDetachLayerStorageFilter: hresult("string"),
    HcsAttachOverlayFilter: hresult("string", "string"),
    HcsDetachOverlayFilter: hresult("string", "string"),
    HcsFormatWritableLayerVhd: hresult("handle"),
    HcsGetLayerVhdMountPath: hresult("handle", "out string"),
  },
  since: { HcsSetupBaseOSVolume: 19645 },
} as const;
