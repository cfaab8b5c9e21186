/** Typed checks of requests to live compute systems. To be imported lazily: the validators are large. */
import { checkWith, type Checked } from "./check.ts";
import { patternTexts } from "./generated/hcs-compute-system.patterns.ts";
import * as modify from "./generated/hcs-modify.validators.js";
import {
  validateProcessModifyRequest,
  validateProcessParameters,
  validateSignalProcessOptions,
} from "./generated/hcs-process.validators.js";
import type {
  ModifySettingRequest,
  ProcessModifyRequest,
  ProcessParameters,
  SignalProcessOptions,
} from "./hcs.ts";
import type { ValidateFunction } from "./validate-function.ts";

/**
 * What Settings holds, by ResourcePath; the settings of a Remove are ignored by HCS.
 *
 * @see https://learn.microsoft.com/virtualization/api/hcs/reference/hcsmodifycomputesystem
 */
const SETTINGS: readonly (readonly [path: RegExp, validate: ValidateFunction<unknown>])[] = [
  [/^VirtualMachine\/ComputeTopology\/Processor\/CpuGroup$/, modify.validateCpuGroup],
  [/^VirtualMachine\/ComputeTopology\/Processor\/IdledProcessors$/, modify.validateIdleProcessorsRequest],
  [/^VirtualMachine\/ComputeTopology\/Processor\/CpuFrequencyPowerCap$/, modify.validateUint64],
  [/^VirtualMachine\/ComputeTopology\/Processor\/Limits$/, modify.validateProcessorLimits],
  [/^VirtualMachine\/ComputeTopology\/Gpu$/, modify.validateGpuConfiguration],
  [/^VirtualMachine\/ComputeTopology\/Memory\/SizeInMB$/, modify.validateUint64],
  [/^VirtualMachine\/Devices\/FlexibleIov\/[^/]+$/, modify.validateFlexibleIoDevice],
  [/^VirtualMachine\/Devices\/NetworkAdapters\/[^/]+$/, modify.validateNetworkAdapter],
  [/^VirtualMachine\/Devices\/Plan9\/Shares$/, modify.validatePlan9Share],
  [/^VirtualMachine\/Devices\/Scsi\/[^/]+\/Attachments\/[0-9]+$/, modify.validateAttachment],
  [/^VirtualMachine\/Devices\/ComPorts\/[01]$/, modify.validateComPort],
  [/^VirtualMachine\/Devices\/SharedMemory\/Regions$/, modify.validateSharedMemoryRegion],
  [/^VirtualMachine\/Devices\/VirtualPMem\/Devices\/[0-9]+$/, modify.validateVirtualPMemDevice],
  [
    /^VirtualMachine\/Devices\/VirtualPMem\/Devices\/[0-9]+\/Mappings\/[0-9]+$/,
    modify.validateVirtualPMemMapping,
  ],
  [/^VirtualMachine\/Devices\/VirtualSmb\/Shares$/, modify.validateVirtualSmbShare],
  [/^VirtualMachine\/Devices\/VirtualPci\/[^/]+$/, modify.validateVirtualPciDevice],
  [
    /^VirtualMachine\/Devices\/HvSocket\/HvSocketConfig\/ServiceTable\/[^/]+$/,
    modify.validateHvSocketServiceConfig,
  ],
  [/^Container\/MappedDirectories$/, modify.validateMappedDirectory],
  [/^Container\/MappedPipes$/, modify.validateMappedPipe],
  [/^Container\/Devices\/Generic$/, modify.validateDevice],
];

/** Checks a change of a compute system, its settings by their path; integers may be bigints. */
export function checkModifyRequest(request: unknown): Checked<ModifySettingRequest> {
  const checked = checkWith(modify.validateModifySettingRequest, request, patternTexts);
  if (checked.value === undefined) return checked;
  const { ResourcePath: path = "", Settings: settings } = checked.value;
  const validate = SETTINGS.find(([pattern]) => pattern.test(path))?.[1];
  if (validate === undefined || settings === undefined) return checked;
  const { faults } = checkWith(validate, settings, patternTexts);
  if (faults.length === 0) return checked;
  const below = faults.map(({ pointer, message }) => ({ pointer: `/Settings${pointer}`, message }));
  return { value: undefined, faults: below };
}

/** Checks the parameters of a new process. */
export function checkProcessParameters(parameters: unknown): Checked<ProcessParameters> {
  return checkWith(validateProcessParameters, parameters, patternTexts);
}

/** Checks a change of a process: the size of its console, or a stream to close. */
export function checkProcessModifyRequest(request: unknown): Checked<ProcessModifyRequest> {
  return checkWith(validateProcessModifyRequest, request, patternTexts);
}

/** Checks a signal for a Windows process. */
export function checkSignalOptions(options: unknown): Checked<SignalProcessOptions> {
  return checkWith(validateSignalProcessOptions, options, patternTexts);
}
