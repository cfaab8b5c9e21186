import { closing } from "../../base/closing.ts";
import { cleanUpAfter } from "../../base/errors.ts";
import { containerVm, hostingSystem, isForLinux, vmContainer } from "../../oci/documents/vm/container-vm.ts";
import { readVmOptions } from "../../oci/documents/vm/read-vm-options.ts";
import { UtilityVm } from "../../uvm/utility-vm.ts";
import { documentHost } from "../windows-container/document-host.ts";
import type { RuntimeOnWindows } from "../windows-container/runtime-on-windows.ts";
import { makeVmScratch } from "./make-vm-scratch.ts";
import { VmContainers } from "./vm-containers.ts";

/**
 * Makes the VM that standard input describes, and owns it until it ends: answers at a pipe for the containers in it.
 * A failure before that goes to whoever launched this process.
 *
 * @returns 0, or 1 if there was no VM, or nobody who wanted it any more
 * @throws {ComputeError} if the VM ends unasked
 */
export async function serveVm(runtime: RuntimeOnWindows, pipe: string): Promise<number> {
  const { owners } = runtime.windows;
  let owned: Awaited<ReturnType<typeof openVm>>;
  try {
    owned = await openVm(runtime, pipe);
  } catch (error) {
    owners.tell(error);
    return 1;
  }
  const { vm, server } = owned;
  const code = await closing(vm, async () => {
    try {
      // Whoever launched this process was killed. Its container may have been deleted before there was a VM to end.
      if (!owners.tell()) return 1;
      await vm.wait();
      return 0;
    } finally {
      server.close();
    }
  });
  forgetVm(runtime, vm);
  return code;
}

async function openVm(
  runtime: RuntimeOnWindows,
  pipe: string,
): Promise<{ vm: UtilityVm; server: { close(): void } }> {
  const { owners, vms } = runtime.windows;
  const options = readVmOptions(owners.readOptions());
  const host = await documentHost(runtime.windows, [], () => undefined);
  const document = containerVm(options, host);
  if (!isForLinux(options)) await makeVmScratch(options, vms);
  const os = isForLinux(options) ? "linux" : "windows";
  const vm = await UtilityVm.create(vms, { id: options.id, os, document });
  try {
    await owners.claim(pipe);
    noteVm(runtime, vm);
    await vm.start();
    const containers = new VmContainers(runtime, vm, hostingSystem(options, host));
    const server = await owners.serve(pipe, (request, client) => containers.answer(request, client));
    return { vm, server };
  } catch (error) {
    throw await cleanUpAfter(error, () => vm.close());
  }
}

/** Lets others wait for the end of the VM if this process is killed. @throws {ContainerStateError} if nobody needs it any more */
function noteVm({ windows: { notes } }: RuntimeOnWindows, { id, computeSystem }: UtilityVm): void {
  const { runtimeId } = computeSystem;
  if (runtimeId !== "") notes.set(vmContainer(id), "vm-runtime-id", runtimeId);
}

/** Takes the note back, unless it is of a later VM already. */
function forgetVm({ windows: { notes } }: RuntimeOnWindows, { id, computeSystem }: UtilityVm): void {
  const container = vmContainer(id);
  if (notes.get(container, "vm-runtime-id") === computeSystem.runtimeId)
    notes.clear(container, "vm-runtime-id");
}
