import { win32 } from "node:path";
import type { OciConfig } from "../../../schema/oci.ts";
import { annotationValue } from "../../annotations.ts";
import { layerFolders } from "../layers.ts";
import { commonVmOptions, type VmIdentity } from "./common-vm-options.ts";
import type { WindowsVmOptions } from "./vm-options.ts";

const VM = "io.microsoft.virtualmachine";

/**
 * The options of the utility VM that a Windows container needs. Its scratch is in the folder `vm` of the container's.
 *
 * @param utilityVmPath folder of the VM's image, if the configuration names none
 * @throws {BundleError} if there are no layers, or an annotation is not what it must be
 */
export function windowsVmOptions(
  spec: OciConfig,
  identity: VmIdentity,
  utilityVmPath: string,
): WindowsVmOptions {
  const { annotations, windows } = spec;
  const { readOnly, scratch } = layerFolders(spec);
  const common = commonVmOptions(spec, identity);
  const noDirectMap = annotationValue(annotations, `${VM}.wcow.virtualSMB.nodirectmap`) ?? false;
  return {
    ...common,
    layerFolders: [...readOnly, win32.join(scratch, "vm")],
    osFilesPath: win32.join(windows?.hyperv?.utilityVMPath || utilityVmPath, "Files"),
    disableCompartmentNamespace: annotationValue(annotations, `${VM}.disablecompartmentnamespace`) ?? false,
    noDirectMap: noDirectMap || common.fullyPhysicallyBacked,
    isTemplate: annotationValue(annotations, `${VM}.saveastemplate`) ?? false,
    templateId: annotationValue(annotations, `${VM}.templateid`) ?? "",
  };
}
