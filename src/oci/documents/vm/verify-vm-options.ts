import { BundleError } from "../../../base/errors.ts";
import type { DocumentHost } from "../document-host.ts";
import { OS_BUILDS } from "../os-builds.ts";
import type { LinuxVmOptions, VmOptions, WindowsVmOptions } from "./vm-options.ts";
import { MAX_VPMEM_COUNT } from "../../../hcs/vm-limits.ts";
import { VPMEM_PAGE_BYTES } from "./vm-limits.ts";

/** What is wrong if the test holds. */
type Rule = readonly [isBroken: boolean, problem: string];

/** Refuses options of a Linux VM that exclude each other or that the host cannot serve. @throws {BundleError} */
export function verifyLinuxVmOptions(options: LinuxVmOptions, host: Pick<DocumentHost, "osBuild">): void {
  const { scsiControllerCount: scsi, vpmemDeviceCount: vpmem, vpmemSizeBytes: size } = options;
  const tooOld = (build: number): string => `needs Windows build ${build}, the host's is ${host.osBuild}`;
  refuse("Linux", [
    ...commonRules(options),
    [scsi !== 0 && scsi !== 1, `SCSI controller count is ${scsi}, must be 0 or 1`],
    [
      vpmem < 0 || vpmem > MAX_VPMEM_COUNT,
      `VPMem device count is ${vpmem}, must be at most ${MAX_VPMEM_COUNT}`,
    ],
    [
      BigInt(size) % BigInt(VPMEM_PAGE_BYTES) !== 0n,
      `size of VPMem devices is ${size}, must be a multiple of ${VPMEM_PAGE_BYTES}`,
    ],
    [options.rootFsType === "vhd" && vpmem === 0, "a root file system of type vhd needs a VPMem device"],
    [
      options.kernelDirect && host.osBuild < OS_BUILDS.KERNEL_DIRECT_BOOT,
      `starting a kernel without firmware ${tooOld(OS_BUILDS.KERNEL_DIRECT_BOOT)}`,
    ],
    [
      options.enableColdDiscardHint && host.osBuild < OS_BUILDS.COLD_DISCARD_HINT,
      `the cold discard hint ${tooOld(OS_BUILDS.COLD_DISCARD_HINT)}`,
    ],
  ]);
}

/** Refuses options of a Windows VM that exclude each other. @throws {BundleError} */
export function verifyWindowsVmOptions(options: WindowsVmOptions): void {
  const isClone = options.templateId !== "";
  refuse("Windows", [
    ...commonRules(options),
    [options.layerFolders.length < 2, "there must be at least 2 layer folders"],
    [options.isTemplate && isClone, "saveastemplate and templateid exclude each other"],
    [options.isTemplate && !options.allowOvercommit, "a template cannot be backed by physical memory"],
    [isClone && !options.externalGuestConnection, "a clone needs the external guest connection"],
  ]);
}

function commonRules({ allowOvercommit, enableDeferredCommit }: VmOptions): Rule[] {
  return [
    [enableDeferredCommit && !allowOvercommit, "deferred commit needs memory that can be overcommitted"],
  ];
}

function refuse(guest: string, rules: readonly Rule[]): void {
  const problems = rules.flatMap(([isBroken, problem]) => (isBroken ? [problem] : []));
  if (problems.length === 0) return;
  const message = `Cannot make a ${guest} utility VM: ${problems.join("; ")}`;
  const faults = problems.map((problem) => ({ pointer: "", message: problem }));
  throw new BundleError("BUNDLE_INVALID", "config.json", message, { faults });
}
