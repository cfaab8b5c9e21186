/** The options of a VM as one process of runhcs hands them to another. */
import { UsageError } from "../../../base/errors.ts";
import { parseJson } from "../../../base/lossless-json.ts";
import { shown } from "../../../schema/faults.ts";
import type { ContainerVmOptions } from "./container-vm.ts";
import type { LinuxVmOptions, VmOptions, WindowsVmOptions } from "./vm-options.ts";

/** Tells whether a value is one that a field can have. */
type Check = (value: unknown) => boolean;
type Checks<T> = Record<keyof T, Check>;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => typeof value === "number";
const isSize: Check = (value) => typeof value === "number" || typeof value === "bigint";
const isObject: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const COMMON: Checks<VmOptions> = {
  id: isText,
  owner: isText,
  memorySizeInMb: isNumber,
  allowOvercommit: isFlag,
  enableDeferredCommit: isFlag,
  lowMmioGapInMb: isSize,
  highMmioBaseInMb: isSize,
  highMmioGapInMb: isSize,
  processorCount: isNumber,
  processorLimit: isNumber,
  processorWeight: isNumber,
  storageQos: (value) => value === undefined || isObject(value),
  externalGuestConnection: isFlag,
  fullyPhysicallyBacked: isFlag,
  additionHcsDocumentJson: isText,
  consolePipe: isText,
  enableGraphicsConsole: isFlag,
};

const LINUX: Checks<LinuxVmOptions> = {
  ...COMMON,
  bootFilesPath: isText,
  kernelFile: isText,
  kernelDirect: isFlag,
  rootFsFile: isText,
  rootFsType: (value) => value === "initrd" || value === "vhd",
  kernelBootOptions: isText,
  scsiControllerCount: isNumber,
  vpmemDeviceCount: isNumber,
  vpmemSizeBytes: isSize,
  useGuestConnection: isFlag,
  execCommandLine: isText,
  forwardStdout: isFlag,
  forwardStderr: isFlag,
  vpciEnabled: isFlag,
  enableColdDiscardHint: isFlag,
};

const WINDOWS: Checks<WindowsVmOptions> = {
  ...COMMON,
  layerFolders: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  osFilesPath: isText,
  disableCompartmentNamespace: isFlag,
  noDirectMap: isFlag,
  isTemplate: isFlag,
  templateId: isText,
};

/** Reads what {@link ContainerVmOptions} were written as JSON. @throws {UsageError} if it is nothing of that kind */
export function readVmOptions(text: string): ContainerVmOptions {
  const options = parseOptions(text);
  for (const [name, check] of Object.entries("kernelFile" in options ? LINUX : WINDOWS)) {
    const value = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!check(value)) throw refusal(`${name} is ${shown(value)}`);
  }
  return options as unknown as ContainerVmOptions;
}

function parseOptions(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw refusal(`${text.length} characters that are no JSON`);
  }
  if (isObject(value)) return value as Record<string, unknown>;
  throw refusal(shown(value));
}

function refusal(found: string): UsageError {
  return new UsageError(`Cannot make the VM of standard input: ${found}`, {
    hint: "Use runhcs create, which starts this itself",
  });
}
