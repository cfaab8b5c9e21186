// Owners of VMs over the double: whose VM is ended, and whose is not.
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { PipeOwners } from "../../src/hcs/windows/shims/pipe-owners.ts";
import { ShimRecords } from "../../src/hcs/windows/shims/shim-records.ts";
import { readTimeouts, type Timeouts } from "../../src/hcs/windows/timeouts.ts";
import { ComputeError } from "../../src/hcs/results.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import { failureOf, sleep } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const DOCUMENT = { Owner: "test", SchemaVersion: { Major: 2, Minor: 1 }, VirtualMachine: {} };

export function describeVmOwners({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  const open = (waits: Partial<Timeouts> = {}): { hcs: HcsService; owners: PipeOwners } => {
    const timeouts = { ...readTimeouts({}), ...waits };
    const hcs = new HcsService(openBindings(double().koffi, double().loadLibrary), timeouts);
    const keys = new MemoryKeys();
    const context = { hcs, records: new ShimRecords(keys), timeouts, program: { words: [] } };
    return { hcs, owners: new PipeOwners({ ...context, osBuild: 20_348 }, keys) };
  };
  const vm = { id: "web@vm", pipe: "\\\\.\\pipe\\owner-one" };

  describe("an owner of a VM", () => {
    test("is ended with its VM, and no other that has the id of its VM", async () => {
      const { hcs, owners } = open();
      const system = await hcs.createSystem(vm.id, DOCUMENT);
      await system.start();
      // That of a container of the same id in another state root is in the way of one of this root.
      await owners.end(vm, undefined);
      await owners.end(vm, "5e5a1fb0-0000-0000-0000-0000000f0000");
      expect((await hcs.enumerateSystems()).map(({ Id }) => Id)).toEqual([vm.id]);
      const claim = await owners.claim(vm.pipe);
      void system.wait().then(() => claim.release());
      await owners.end(vm, system.runtimeId);
      expect(await hcs.enumerateSystems()).toEqual([]);
      await system.close();
      hcs.close();
    });

    test("that was killed is not done with before the service has let its VM go", async () => {
      const { hcs, owners } = open();
      const system = await hcs.createSystem(vm.id, DOCUMENT);
      let isOver = false;
      const end = owners.end(vm, system.runtimeId).then(() => (isOver = true));
      await sleep(200);
      expect(isOver).toBe(false);
      await system.terminate();
      await end;
      expect(await hcs.enumerateSystems()).toEqual([]);
      await system.close();
      hcs.close();
    });

    test("that was killed is told to have a VM still that the service does not let go", async () => {
      const { hcs, owners } = open({ systemEnd: 100 });
      const system = await hcs.createSystem(vm.id, DOCUMENT);
      const failure = await failureOf(owners.end(vm, system.runtimeId), ComputeError);
      expect([failure.message, failure.code]).toEqual([
        'Cannot wait for the end of "web@vm": the operation did not complete in time (HCS_E_OPERATION_TIMEOUT 0x80370118)',
        "HCS_OPERATION_TIMEOUT",
      ]);
      await system.terminate();
      await system.close();
      hcs.close();
    });

    test("claims its VM once", async () => {
      const { hcs, owners } = open();
      const claim = await owners.claim(vm.pipe);
      expect(await owners.claim(vm.pipe).catch(String)).toMatch(/another owner/);
      claim.release();
      (await owners.claim(vm.pipe)).release();
      hcs.close();
    });
  });
}
