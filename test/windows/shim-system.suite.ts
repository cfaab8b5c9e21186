// Containers with shims over the double, as calls see them that have no part in the shims.
import { PlatformError } from "../../src/base/errors.ts";
import type { HcsProcess } from "../../src/hcs/windows/compute-process.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import type { HcsSystem } from "../../src/hcs/windows/compute-system.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { ShimRecords } from "../../src/hcs/windows/shims/shim-records.ts";
import { ShimSystem } from "../../src/hcs/windows/shims/shim-system.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import { failureOf, until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const DOCUMENT = { Owner: "test", SchemaVersion: { Major: 2, Minor: 1 }, Container: {} };
const OS_BUILD = 20_348;
/** No process of the host and none of the double has this pid. */
const NOBODY = 99_999_999;
const [HUP, KILL, TERM] = [1, 9, 15] as const;
/** ERROR_NOT_SUPPORTED. */
const NOT_SUPPORTED = 0x80070032 | 0;

/** A container with processes, and what is remembered of it. */
class Place {
  readonly hcs: HcsService;
  readonly records: ShimRecords;
  readonly container: ShimSystem;
  readonly #double: NativeDouble;
  readonly #keys = new MemoryKeys();
  readonly #system: HcsSystem;
  readonly #processes: HcsProcess[] = [];

  private constructor(double: NativeDouble, hcs: HcsService, system: HcsSystem) {
    this.hcs = hcs;
    this.#double = double;
    this.#system = system;
    this.records = new ShimRecords(this.#keys);
    const timeouts = readTimeouts({});
    const context = { hcs, records: this.records, timeouts, program: { words: [] }, osBuild: OS_BUILD };
    this.container = new ShimSystem(context, "web");
  }

  static async open(double: NativeDouble, GuestOs: "Windows" | "Linux"): Promise<Place> {
    const hcs = new HcsService(openBindings(double.koffi, double.loadLibrary), readTimeouts({}));
    const system = await hcs.createSystem("web", DOCUMENT);
    await system.start();
    const place = new Place(double, hcs, system);
    place.#keys.createKey("web");
    place.records.add("web", { UniqueId: "unique", Owner: "test", GuestOs, InitProcess: { cwd: "/" } });
    place.records.setShim("web", 1);
    place.records.setRuntimeId("web", system.runtimeId);
    return place;
  }

  async process(): Promise<HcsProcess> {
    const process = await this.#system.createProcess({ CommandLine: `"${this.#double.program}" silent` });
    this.#processes.push(process);
    return process;
  }

  async close(): Promise<void> {
    for (const process of this.#processes) await process.close();
    await this.#system.terminate();
    await this.#system.wait();
    await this.#system.close();
    this.hcs.close();
    await until(() => this.#double.counts().Systems === 0);
  }
}

export function describeShimSystem({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  describe("a container with shims", () => {
    test("is signalled as a whole, also when a process has ended whose shim was killed", async () => {
      const place = await Place.open(double(), "Windows");
      const [init, other] = [await place.process(), await place.process()];
      place.records.setInitPid("web", init.pid);
      place.records.setExecPid("web", 2, NOBODY);
      place.records.setExecPid("web", 3, other.pid);
      await place.container.signalAll({ Signal: KILL });
      await Promise.all([init.wait(), other.wait()]);
      await place.close();
      expect(double().counts().Handles).toBe(0);
    });

    test("whose guest knows no signals is ended by those that end, and by no other", async () => {
      const place = await Place.open(double(), "Linux");
      const init = await place.process();
      place.records.setInitPid("web", init.pid);
      const signal = async (Signal: number): Promise<void> => {
        double().control({ Function: "HcsSignalProcess", Result: NOT_SUPPORTED });
        await (await place.container.openInitProcess()).signal({ Signal });
      };
      const failure = await failureOf(signal(HUP), PlatformError);
      expect(failure.message).toContain("invalid signal value 1");
      expect((await init.properties()).Exited).toBe(false);
      await signal(TERM);
      await init.wait();
      await place.close();
      expect(double().counts().Handles).toBe(0);
    });
  });
}
