// What every service of utility VMs has to do for the devices that are kept account of above it.
import { randomUUID } from "node:crypto";
import { isAlreadyStopped, isNotExist } from "../../src/hcs/results.ts";
import type { VmService } from "../../src/hcs/vm-system.ts";
import type { ComputeSystem, ModifySettingRequest } from "../../src/schema/hcs.ts";
import { UtilityVm } from "../../src/uvm/utility-vm.ts";
import { UtilityVmError } from "../../src/uvm/utility-vm-error.ts";
import type { TestRunner } from "./test-runner.ts";

/** A service with files that its VMs can be given. */
export interface VmHost {
  service: VmService;
  /** The document of a VM for a guest, with a SCSI controller and, for Linux, four VPMEM devices. */
  document(os: UtilityVm["os"]): ComputeSystem;
  /** An image that can be attached as a disk or as persistent memory. */
  image: string;
  folder: string;
  /** Id and address of an endpoint of the host's network. */
  endpoint: { ID: string; MacAddress: string };
  /** Lets the next change of a VM fail. */
  failNextModify(): void;
  /** Ends what the tests have made. */
  close(): Promise<void>;
}

/** A device that can be given and taken, by its name. */
interface Case {
  os: UtilityVm["os"];
  name: string;
  /** Changes that it comes with. */
  steps: number;
  add(vm: UtilityVm, host: VmHost): Promise<unknown>;
  remove(vm: UtilityVm, host: VmHost): Promise<unknown>;
}

const ROOT = "/run/gcs/c/1/rootfs";
const NAMESPACE = "7a5c0d1e-0000-4000-8000-000000000001";

const PCI = { instancePath: "PCIP\\VEN_1414&DEV_008E\\1&2&3", virtualFunction: 1 };

const CASES: readonly Case[] = [
  {
    os: "linux",
    name: "disk",
    steps: 2,
    add: (vm, { image }) => vm.scsi.addDisk({ hostPath: image, guestPath: "/run/mounts/m1" }),
    remove: (vm, { image }) => vm.scsi.remove(image),
  },
  {
    os: "linux",
    name: "layer on a disk",
    steps: 2,
    add: (vm, { image }) => vm.scsi.addLayer(image),
    remove: (vm, { image }) => vm.scsi.remove(image),
  },
  {
    os: "linux",
    name: "layer in persistent memory",
    steps: 2,
    add: (vm, { image }) => vm.vpmem.add({ hostPath: image, expose: true }),
    remove: (vm, { image }) => vm.vpmem.remove(image),
  },
  {
    os: "linux",
    name: "shared folder",
    steps: 2,
    add: (vm, { folder }) => vm.plan9.add({ hostPath: folder, guestPath: "/share", readOnly: false }),
    remove: (vm, { folder }) => vm.plan9.remove(folder, "/share"),
  },
  {
    os: "linux",
    name: "PCI device",
    steps: 2,
    add: (vm) => vm.vpci.add(PCI),
    remove: (vm) => vm.vpci.remove(PCI),
  },
  {
    os: "linux",
    name: "network namespace",
    steps: 1,
    add: (vm, { endpoint }) => vm.networks.add({ id: NAMESPACE, endpoints: [endpoint] }),
    remove: (vm) => vm.networks.remove(NAMESPACE),
  },
  {
    os: "windows",
    name: "disk",
    steps: 2,
    add: (vm, { image }) => vm.scsi.addDisk({ hostPath: image, guestPath: "C:\\c\\1" }),
    remove: (vm, { image }) => vm.scsi.remove(image),
  },
  {
    os: "windows",
    name: "shared folder",
    steps: 1,
    add: (vm, { folder }) => vm.vsmb.add({ hostPath: folder, readOnly: true }, vm.vsmb.layerOptions()),
    remove: (vm, { folder }) => vm.vsmb.remove({ hostPath: folder, readOnly: true }),
  },
  {
    os: "windows",
    name: "pipe",
    steps: 1,
    add: (vm) => vm.pipes.add("\\\\.\\pipe\\engine"),
    remove: (vm) => vm.pipes.remove("\\\\.\\pipe\\engine"),
  },
  {
    os: "windows",
    name: "PCI device",
    steps: 1,
    add: (vm) => vm.vpci.add(PCI),
    remove: (vm) => vm.vpci.remove(PCI),
  },
  {
    os: "windows",
    name: "network namespace",
    steps: 3,
    add: (vm, { endpoint }) => vm.networks.add({ id: NAMESPACE, endpoints: [endpoint] }),
    remove: (vm) => vm.networks.remove(NAMESPACE),
  },
];

/** Declares the contract for the service that `open` opens. */
export function describeUtilityVm(runner: TestRunner, open: () => Promise<VmHost>): void {
  const { describe, test, expect } = runner;

  /** A test with a running VM, which is closed afterwards, and the changes that it was asked for. */
  const withVm = (
    name: string,
    os: UtilityVm["os"],
    body: (vm: UtilityVm, host: VmHost, requests: ModifySettingRequest[]) => Promise<void>,
  ): void => {
    test(name, async () => {
      const host = await open();
      const requests: ModifySettingRequest[] = [];
      try {
        const plan = { id: `uvm-${randomUUID()}`, os, document: host.document(os) };
        const vm = await UtilityVm.create(recording(host.service, requests), plan);
        try {
          await vm.start();
          await body(vm, host, requests);
        } finally {
          await vm.close();
        }
      } finally {
        await host.close();
      }
    });
  };

  describe("a utility VM", () => {
    withVm("runs, is known by its id, and ends", "linux", async (vm) => {
      expect((await vm.computeSystem.properties()).Id).toBe(vm.id);
      await vm.capabilities();
      await vm.terminate();
      await vm.wait();
    });

    for (const { os, name, steps, add, remove } of CASES) {
      withVm(`is given a ${os} ${name} twice and has it once`, os, async (vm, host, requests) => {
        await Promise.all([add(vm, host), add(vm, host).catch(refused)]);
        expect(requests.length).toBe(steps);
        await remove(vm, host);
        await remove(vm, host).catch(refused);
        expect(requests.filter(isRemoval).length > 0).toBe(true);
        await add(vm, host);
        await remove(vm, host);
      });

      for (let failing = 1; failing <= steps; failing++) {
        const title = `has nothing of a ${os} ${name} whose change ${failing} is refused`;
        withVm(title, os, async (vm, host, requests) => {
          requests.push = function push(...items: ModifySettingRequest[]): number {
            if (this.length + items.length === failing) host.failNextModify();
            return Array.prototype.push.apply(this, items);
          };
          const failure = await add(vm, host).catch((error: unknown) => error);
          expect(failure instanceof UtilityVmError && failure.code).toBe("UVM_MODIFY");
          expect((failure as UtilityVmError).suppressed).toEqual([]);
          await add(vm, host);
          await remove(vm, host);
        });
      }
    }

    withVm("combines layers and takes them apart", "linux", async (vm, _, requests) => {
      await vm.layers.combine({ containerRootPath: ROOT, layers: [{ path: "/tmp/p0" }], scratchPath: "/s" });
      await vm.layers.separate(ROOT);
      expect(requests.length).toBe(2);
    });

    withVm("is given no file that does not exist", "linux", async (vm) => {
      const failure = await vm.scsi.addLayer("/does/not/exist.vhd").catch((error: unknown) => error);
      expect((failure as Error).message).toContain('Cannot give "/does/not/exist.vhd" to');
      expect(vm.scsi.find("/does/not/exist.vhd")).toBe(undefined);
    });

    withVm("that has ended is given nothing", "linux", async (vm, { image }) => {
      await vm.terminate();
      await vm.wait();
      const failure = await vm.scsi.addLayer(image).catch((error: unknown) => error);
      expect(isAlreadyStopped(failure) || isNotExist(failure)).toBe(true);
    });
  });
}

function refused(error: unknown): void {
  const isRefusal = error instanceof UtilityVmError && error.code.endsWith("_ATTACHED");
  if (!isRefusal) throw error;
}

function isRemoval({ RequestType, GuestRequest }: ModifySettingRequest): boolean {
  return (RequestType ?? GuestRequest?.RequestType) === "Remove";
}

/** The same service, whose VMs note each change before they pass it on. */
function recording(service: VmService, requests: ModifySettingRequest[]): VmService {
  return {
    grantVmAccess: (id, path) => service.grantVmAccess(id, path),
    canMapFiles: (folder) => service.canMapFiles(folder),
    createContainer: (id, document) => service.createContainer(id, document),
    createVm: async (id, document) => {
      const system = await service.createVm(id, document);
      return {
        id: system.id,
        runtimeId: system.runtimeId,
        waits: system.waits,
        start: () => system.start(),
        terminate: () => system.terminate(),
        wait: () => system.wait(),
        close: () => system.close(),
        runProcess: (run) => system.runProcess(run),
        properties: (types) => system.properties(types),
        modify: async (request) => {
          requests.push(request);
          await system.modify(request);
        },
      };
    },
  };
}
