// Owners of VMs over the double: whose VM is ended, and whose is not.
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { PipeOwners } from "../../src/hcs/windows/shims/pipe-owners.ts";
import { ShimRecords } from "../../src/hcs/windows/shims/shim-records.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import type { NativeDouble } from "./native-double.ts";

const DOCUMENT = { Owner: "test", SchemaVersion: { Major: 2, Minor: 1 }, VirtualMachine: {} };

export function describeVmOwners({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  describe("an owner of a VM", () => {
    test("is ended with its VM, and no other that has the id of its VM", async () => {
      const timeouts = readTimeouts({});
      const hcs = new HcsService(openBindings(double().koffi, double().loadLibrary), timeouts);
      const keys = new MemoryKeys();
      const records = new ShimRecords(keys);
      const owners = new PipeOwners(
        { hcs, records, timeouts, program: { words: [] }, osBuild: 20_348 },
        keys,
      );
      const vm = { id: "web@vm", pipe: "\\\\.\\pipe\\owner-one" };
      const system = await hcs.createSystem(vm.id, DOCUMENT);
      await system.start();
      // That of a container of the same id in another state root is in the way of one of this root.
      await owners.end(vm);
      expect((await hcs.enumerateSystems()).map(({ Id }) => Id)).toEqual([vm.id]);
      const claim = await owners.claim(vm.pipe);
      void system.wait().then(() => claim.release());
      await owners.end(vm);
      expect(await hcs.enumerateSystems()).toEqual([]);
      await system.close();
      hcs.close();
    });

    test("claims its VM while others look who has", async () => {
      const keys = new MemoryKeys();
      const context = { hcs: {}, records: new ShimRecords(keys), timeouts: readTimeouts({}) };
      const owners = new PipeOwners({ ...context, program: [], osBuild: 20_348 } as never, keys);
      const looking = keys.tryLock("@owner-two");
      const claim = owners.claim("\\\\.\\pipe\\owner-two");
      looking?.release();
      (await claim).release();
    });
  });
}
