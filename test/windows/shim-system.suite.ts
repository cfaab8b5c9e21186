// Containers with shims over the double, as calls see them that have no part in the shims.
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { ShimRecords } from "../../src/hcs/windows/shims/shim-records.ts";
import { ShimSystem } from "../../src/hcs/windows/shims/shim-system.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import { until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const DOCUMENT = { Owner: "test", SchemaVersion: { Major: 2, Minor: 1 }, Container: {} };
const OS_BUILD = 20_348;
/** No process of the host and none of the double has this pid. */
const NOBODY = 99_999_999;
const KILL = 9;

export function describeShimSystem({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  describe("a container with shims", () => {
    test("is signalled as a whole, also when a process has ended whose shim was killed", async () => {
      const timeouts = readTimeouts({});
      const hcs = new HcsService(openBindings(double().koffi, double().loadLibrary), timeouts);
      const keys = new MemoryKeys();
      const records = new ShimRecords(keys);
      const system = await hcs.createSystem("web", DOCUMENT);
      await system.start();
      const run = () => system.createProcess({ CommandLine: `"${double().program}" silent` });
      const [init, other] = [await run(), await run()];
      keys.createKey("web");
      const InitProcess = { cwd: "C:\\" };
      records.add("web", { UniqueId: "unique", Owner: "test", GuestOs: "Windows", InitProcess });
      records.setShim("web", 1);
      records.setInitPid("web", init.pid);
      records.setExecPid("web", 2, NOBODY);
      records.setExecPid("web", 3, other.pid);
      const context = { hcs, records, timeouts, program: { words: [] }, osBuild: OS_BUILD };
      await new ShimSystem(context, "web").signalAll({ Signal: KILL });
      await Promise.all([init.wait(), other.wait()]);
      for (const open of [init, other]) await open.close();
      await system.terminate();
      await system.wait();
      await system.close();
      hcs.close();
      await until(() => double().counts().Systems === 0);
      expect(double().counts().Handles).toBe(0);
    });
  });
}
