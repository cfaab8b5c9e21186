/** SELinux labels, which crun drops where nothing would enforce them. */
import { PlatformError } from "../../base/errors.ts";
import type { OciProcess } from "../../schema/oci.ts";
import type { MachineFiles } from "./machine.ts";

/**
 * Requires that a process's label is enforced, if it has one.
 *
 * @param subject names the container, in the words `container "web"`
 * @throws {PlatformError}
 */
export async function requireLabel(
  subject: string,
  machine: MachineFiles,
  { selinuxLabel = "" }: OciProcess,
): Promise<void> {
  if (selinuxLabel === "" || (await machine.exists("/sys/fs/selinux/enforce"))) return;
  throw new PlatformError(
    "PLATFORM_UNSUPPORTED",
    `Cannot run ${subject} with the label "${selinuxLabel}": SELinux is not enabled on this host`,
    { hint: "Leave the label out" },
  );
}
