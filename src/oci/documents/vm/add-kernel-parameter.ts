import { UsageError } from "../../../base/errors.ts";
import { shown } from "../../../schema/faults.ts";
import type { LinuxVmOptions } from "./vm-options.ts";

/** A parameter of the Linux kernel: `key=value`, or a word that stands alone. */
export interface KernelParameter {
  key: string;
  /** Undefined for a word that stands alone. */
  value?: string;
}

type BootOptions = Pick<LinuxVmOptions, "kernelBootOptions">;

/**
 * Adds a parameter behind those with which the kernel of a Linux VM starts anyhow; where two have one key, most
 * drivers heed the last. A value with spaces is put between quotes, which the kernel takes off again.
 *
 * @returns a copy of the options; those that were given stay as they are
 * @throws {UsageError} if the kernel would not read the parameter as what it is
 * @see https://docs.kernel.org/admin-guide/kernel-parameters.html
 */
export function addKernelParameter<O extends BootOptions>(options: O, parameter: KernelParameter): O {
  const problem = problemOf(parameter);
  if (problem !== undefined) {
    throw new UsageError(`Cannot add the kernel parameter ${shown(parameter.key)}: ${problem}`);
  }
  const { kernelBootOptions: before } = options;
  const word = wordOf(parameter);
  return { ...options, kernelBootOptions: before === "" ? word : `${before} ${word}` };
}

function problemOf({ key, value = "" }: KernelParameter): string | undefined {
  if (key === "") return "its key is empty";
  // Behind two hyphens all words are those of init.
  if (key === "--") return "its key ends the parameters of the kernel";
  if (/[^!-~]|["=]/.test(key))
    return "its key must be of printable ASCII without spaces, quotes and equals signs";
  if (/[^ -~]|"/.test(value))
    return `its value is ${shown(value)}, must be of printable ASCII without quotes`;
  return undefined;
}

function wordOf({ key, value }: KernelParameter): string {
  if (value === undefined) return key;
  return value.includes(" ") ? `${key}="${value}"` : `${key}=${value}`;
}
