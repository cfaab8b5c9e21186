// Utility VMs of the Windows host, on the double.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import { HcsVmService } from "../../src/hcs/windows/vm-service.ts";
import type { VmHost } from "../contract/utility-vm.contract.ts";
import type { NativeDouble } from "./native-double.ts";

const E_FAIL = 0x8000_4005;

/** Opens the service on the double, with images in a folder of their own. */
export async function openWindowsVmHost(double: NativeDouble): Promise<VmHost> {
  const bindings = openBindings(double.koffi, double.loadLibrary);
  const timeouts = readTimeouts({});
  const service = new HcsService(bindings, timeouts);
  const folder = mkdtempSync(join(tmpdir(), "runhcs-uvm-"));
  const image = join(folder, "layer.vhd");
  writeFileSync(image, "");
  return {
    service: new HcsVmService(service, bindings, timeouts, 20_348),
    document: (os) => ({
      Owner: "test",
      SchemaVersion: { Major: 2, Minor: 1 },
      ShouldTerminateOnLastHandleClosed: true,
      VirtualMachine: {
        ComputeTopology: { Memory: { SizeInMB: 256 }, Processor: { Count: 1 } },
        Devices: { Scsi: { "0": {} }, ...(os === "linux" ? { VirtualPMem: { MaximumCount: 4 } } : {}) },
      },
    }),
    image,
    folder,
    endpoint: { ID: "7a5c0d1e-0000-4000-8000-0000000000e1", MacAddress: "00-15-5D-01-02-03" },
    failNextModify: () => double.control({ Function: "HcsModifyComputeSystem", Result: E_FAIL, Times: 1 }),
    close: async () => {
      double.control({ Forget: true });
      service.close();
      rmSync(folder, { recursive: true });
    },
  };
}
