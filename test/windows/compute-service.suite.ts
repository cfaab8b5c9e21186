// Systems and processes of the Windows host against the double.
import { randomUUID } from "node:crypto";
import { closeSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { CURRENT_PROCESS } from "../../src/hcs/windows/bindings/kernel32.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import type { HcsProcess } from "../../src/hcs/windows/compute-process.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import type { HcsSystem } from "../../src/hcs/windows/compute-system.ts";
import { NotificationType } from "../../src/hcs/windows/notification-types.ts";
import { readTimeouts, type Timeouts } from "../../src/hcs/windows/timeouts.ts";
import {
  ComputeError,
  isAlreadyExists,
  isAlreadyStopped,
  isInvalidState,
  isNotExist,
  isNotSupported,
  isPending,
  isTimeout,
} from "../../src/hcs/results.ts";
import { rounds } from "../support/soak-rounds.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf, sleep, until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const DOCUMENT = { SchemaVersion: { Major: 2, Minor: 1 }, Owner: "test", Container: {} };
const ALL_PIPES = { CreateStdInPipe: true, CreateStdOutPipe: true, CreateStdErrPipe: true };
const NOTHING_HELD = {
  Allocations: 0,
  BadFrees: 0,
  BadHandles: 0,
  Handles: 0,
  Systems: 0,
  Processes: 0,
  Callbacks: 0,
  Credentials: 0,
  Devices: 0,
  Layers: 0,
  Delayed: 0,
  Calls: 0,
  MostRunning: 0,
};

/** In milliseconds; only the full number of cycles comes near it. */
const LONGEST_TEST = 600_000;

/** A service on the double, with what the tests need of it. */
class Workplace {
  readonly double: NativeDouble;
  readonly service: HcsService;
  readonly #systems: HcsSystem[] = [];
  readonly #processes: HcsProcess[] = [];

  constructor(double: NativeDouble, timeouts: Partial<Timeouts> = {}) {
    this.double = double;
    const bindings = openBindings(double.koffi, double.loadLibrary);
    this.service = new HcsService(bindings, { ...readTimeouts({}), ...timeouts });
  }

  newId(): string {
    return `web-${randomUUID()}`;
  }

  async created(fault?: object): Promise<HcsSystem> {
    const document = fault === undefined ? DOCUMENT : { ...DOCUMENT, Fault: fault };
    const system = await this.service.createSystem(this.newId(), document);
    this.#systems.push(system);
    return system;
  }

  async running(fault?: object): Promise<HcsSystem> {
    const system = await this.created(fault);
    await system.start();
    return system;
  }

  async process(system: HcsSystem, words: string, more: object = {}): Promise<HcsProcess> {
    const CommandLine = `"${this.double.program}" ${words}`;
    const child = await system.createProcess({ CommandLine, ...ALL_PIPES, ...more });
    this.#processes.push(child);
    return child;
  }

  async clear(): Promise<void> {
    this.double.control({ Forget: true });
    for (const child of this.#processes) await child.close().catch(() => undefined);
    for (const system of this.#systems) await system.close().catch(() => undefined);
    for (const { Id } of await this.service.enumerateSystems({ Owners: ["test"] })) {
      const system = await this.service.openSystem(Id);
      await system.terminate();
      await system.close();
    }
    this.service.close();
  }
}

export function describeComputeService(runner: TestRunner, double: () => NativeDouble): void {
  const { describe, test, expect } = runner;

  /** A test in a workplace, which must not leave anything. */
  const inWorkplace = (
    name: string,
    body: (place: Workplace) => Promise<void>,
    timeouts?: Partial<Timeouts>,
  ): void => {
    const run = async (): Promise<void> => {
      const place = new Workplace(double(), timeouts);
      const before = double().counts();
      try {
        await body(place);
      } finally {
        await place.clear();
      }
      await until(() => double().counts().Systems === 0 && double().counts().Handles === 0);
      const { BadFrees, BadHandles, BadCall } = before;
      expect(double().held()).toEqual({ ...NOTHING_HELD, BadFrees, BadHandles, BadCall });
    };
    test(name, run, LONGEST_TEST);
  };

  describe("a Windows system", () => {
    inWorkplace("goes through its states, each completed by a notification", async (place) => {
      const system = await place.created();
      const states = [await state(system)];
      await system.start();
      states.push(await state(system));
      await system.pause();
      states.push(await state(system));
      await system.resume();
      states.push(await state(system));
      await system.shutdown();
      await system.wait();
      expect(states).toEqual(["Created", "Running", "Paused", "Running"]);
      expect([system.systemType, system.runtimeOsType]).toEqual(["Container", "Windows"]);
    });

    inWorkplace("is made, started and ended by a service that completes at once", async (place) => {
      const system = await place.running({ Create: { Sync: true }, Start: { Sync: true } });
      expect(await state(system)).toBe("Running");
    });

    inWorkplace("is saved when it is paused", async (place) => {
      const system = await place.running();
      const early = await failureOf(system.save({ SaveType: "AsTemplate" }), ComputeError);
      expect(isInvalidState(early)).toBe(true);
      await system.pause();
      await system.save({ SaveType: "AsTemplate" });
      expect(await state(system)).toBe("SavedAsTemplate");
    });

    inWorkplace("is found by its id and in the list of all", async (place) => {
      const system = await place.running();
      const other = await place.service.openSystem(system.id);
      expect(await state(other)).toBe("Running");
      await other.close();
      const listed = await place.service.enumerateSystems({ Ids: [system.id] });
      expect(listed.map(({ Id, Owner }) => [Id, Owner])).toEqual([[system.id, "test"]]);
      expect(await place.service.enumerateSystems({ Owners: ["nobody"] })).toEqual([]);
      const missing = await failureOf(place.service.openSystem("absent"), ComputeError);
      expect([isNotExist(missing), isAlreadyStopped(missing)]).toEqual([true, false]);
      expect(missing.message).toContain('Cannot open "absent": ');
    });

    inWorkplace("of which an old service tells no type is a Windows container", async (place) => {
      const { systemType, runtimeOsType } = await place.created({ Properties: { Bare: true } });
      expect([systemType, runtimeOsType]).toEqual(["Container", "Windows"]);
    });

    inWorkplace("that exists already is refused", async (place) => {
      const { id } = await place.created();
      const failure = await failureOf(place.service.createSystem(id, DOCUMENT), ComputeError);
      expect(isAlreadyExists(failure)).toBe(true);
    });

    inWorkplace("whose document is wrong is refused with the path in the document", async (place) => {
      const document = { ...DOCUMENT, Container: { Storage: { Layers: [{ Path: "a" }, { Path: 7 }] } } };
      const failure = await failureOf(place.service.createSystem("x", document), ComputeError);
      expect(failure.code).toBe("HCS_INVALID_JSON");
      expect(failure.message).toBe(
        'Cannot create "x": the document is invalid at $.Container.Storage.Layers[1].Path (HCS_E_INVALID_JSON 0xC037010D)',
      );
      expect(failure.events[0]?.EventId).toBe(16385);
      expect(failure.events[0]?.Source).toBe("Double");
      const unknown = await failureOf(
        place.service.createSystem("x", { ...DOCUMENT, Nonsense: 1 }),
        ComputeError,
      );
      expect(unknown.message).toContain("at $.Nonsense ");
    });

    inWorkplace("reports results of the documented family under the same names", async (place) => {
      place.double.control({ Documented: true });
      try {
        const system = await place.running();
        await system.terminate();
        await system.wait();
        const failure = await failureOf(system.modify({ ResourcePath: "x" }), ComputeError);
        expect(failure.hresult).toBe(0x80370110);
        expect(isAlreadyStopped(failure)).toBe(true);
        const missing = await failureOf(place.service.openSystem("absent"), ComputeError);
        expect([missing.hresult, isNotExist(missing)]).toEqual([0x8037010e, true]);
      } finally {
        place.double.control({ Documented: false });
      }
    });

    inWorkplace("is told that an operation is not valid in its state", async (place) => {
      const system = await place.created();
      const failure = await failureOf(system.pause(), ComputeError);
      expect([isInvalidState(failure), failure.hresult]).toEqual([true, 0xc0370105]);
      await system.start();
      expect(isInvalidState(await failureOf(system.start(), ComputeError))).toBe(true);
    });

    inWorkplace("ends without a failure when it has ended already", async (place) => {
      const system = await place.running();
      await system.terminate();
      await system.wait();
      await system.terminate();
      await system.shutdown();
    });

    inWorkplace("waits no longer than it is told to", async (place) => {
      const system = await place.running();
      const failure = await failureOf(system.wait(20), ComputeError);
      expect([isTimeout(failure), isPending(failure)]).toEqual([true, false]);
      await system.terminate();
      await system.wait(5000);
    });

    inWorkplace("that exits while it starts fails the start", async (place) => {
      const system = await place.created({ Start: { Exits: true } });
      const failure = await failureOf(system.start(), ComputeError);
      expect(failure.code).toBe("HCS_UNEXPECTED_EXIT");
      expect(failure.message).toContain("exited unexpectedly");
    });

    inWorkplace("that exits while it is created leaves nothing", async (place) => {
      const failure = await failureOf(place.created({ Create: { Exits: true } }), ComputeError);
      expect(failure.code).toBe("HCS_UNEXPECTED_EXIT");
    });

    inWorkplace("passes on the result with which an operation completes", async (place) => {
      const system = await place.created({ Start: { Status: 0x80370101 | 0 } });
      const failure = await failureOf(system.start(), ComputeError);
      expect(failure.code).toBe("HCS_IMAGE_MISMATCH");
    });

    inWorkplace("passes on the result with which it exits, but not that it had stopped", async (place) => {
      const system = await place.running({ Exit: { Status: 0xc0370106 | 0 } });
      await system.terminate();
      const failure = await failureOf(system.wait(), ComputeError);
      expect(failure.code).toBe("HCS_UNEXPECTED_EXIT");
      const clean = await place.running({ Exit: { Status: 0xc0370110 | 0 } });
      await clean.terminate();
      await clean.wait();
    });

    inWorkplace(
      "gives up on a completion that never comes",
      async (place) => {
        const failure = await failureOf(place.created({ Create: { Lost: true } }), ComputeError);
        expect(isTimeout(failure)).toBe(true);
        const system = await place.created({ Start: { Lost: true } });
        expect(isTimeout(await failureOf(system.start(), ComputeError))).toBe(true);
      },
      { systemCreate: 800, systemStart: 800 },
    );

    inWorkplace("waits for a completion that comes late", async (place) => {
      const system = await place.created({ Start: { DelayMs: 200 } });
      const began = Date.now();
      await system.start();
      expect(Date.now() - began).toBeGreaterThan(190);
    });

    inWorkplace(
      "whose exit is never told is found to have exited when it is ended again",
      async (place) => {
        const system = await place.running({ Exit: { Lost: true } });
        await system.terminate();
        expect(isTimeout(await failureOf(system.wait(100), ComputeError))).toBe(true);
        await system.terminate();
        await system.wait();
      },
      { lostExit: 50 },
    );

    inWorkplace(
      "whose exit is never told is found to have exited by asking",
      async (place) => {
        const system = await place.running({ Exit: { Lost: true } });
        const exit = system.wait();
        await system.terminate();
        await exit;
      },
      { exitCheck: 50 },
    );

    inWorkplace(
      "whose service ends without a word fails by asking",
      async (place) => {
        const system = await place.running();
        const child = await place.process(system, "silent");
        const waits = [system.wait(), child.wait()].map((wait) => failureOf(wait, ComputeError));
        place.double.control({ Lost: ["Disconnect"] });
        place.double.control({ Dead: true });
        try {
          for (const wait of waits) expect((await wait).message).toContain("RPC_S_SERVER_UNAVAILABLE");
        } finally {
          place.double.control({ Dead: false });
        }
      },
      { exitCheck: 50 },
    );

    inWorkplace("tells what keeps it from being closed, and closes it all the same", async (place) => {
      const calls = ["HcsUnregisterComputeSystemCallback", "HcsCloseComputeSystem"];
      for (const name of calls) {
        const system = await place.running();
        await system.terminate();
        await system.wait();
        place.double.control({ Function: name, Result: 0x80370118 | 0 });
        expect(isTimeout(await failureOf(system.close(), ComputeError))).toBe(true);
      }
    });

    inWorkplace(
      "gives up on calls that hang, and gives back what they bring later",
      async (place) => {
        place.double.control({ Function: "HcsCreateComputeSystem", DelayMs: 1500 });
        expect(isTimeout(await failureOf(place.created(), ComputeError))).toBe(true);
        const system = await place.running();
        place.double.control({ Function: "HcsCreateProcess", DelayMs: 1500 });
        expect(isTimeout(await failureOf(place.process(system, "silent"), ComputeError))).toBe(true);
        place.double.control({ Function: "HcsOpenComputeSystem", DelayMs: 1500 });
        expect(isTimeout(await failureOf(place.service.openSystem(system.id), ComputeError))).toBe(true);
        await until(() => place.double.counts().Processes === 0 && place.double.counts().Systems === 1);
      },
      { systemCreate: 700, call: 700 },
    );

    inWorkplace(
      "is not closed under a call that hangs",
      async (place) => {
        const system = await place.running();
        place.double.control({ Function: "HcsModifyComputeSystem", DelayMs: 300 });
        const modified = system.modify({ ResourcePath: "x" });
        expect(isTimeout(await failureOf(system.close(), ComputeError))).toBe(true);
        await modified;
        await until(() => place.double.counts().Handles === 0);
      },
      { close: 100 },
    );

    inWorkplace("refuses calls once it is closed, and ends every wait for it", async (place) => {
      const system = await place.running();
      const wait = failureOf(system.wait(), ComputeError);
      await system.close();
      await system.close();
      expect((await wait).hresult).toBe(0x80070006);
      const failure = await failureOf(system.start(), ComputeError);
      expect(failure.message).toBe(`Cannot start "${system.id}": its handle is closed`);
      const again = await place.service.openSystem(system.id);
      await again.terminate();
      await again.close();
    });

    inWorkplace("tells every waiter that the service has ended", async (place) => {
      const system = await place.running({ Pause: { Lost: true } });
      const held = await place.process(system, "silent");
      const waits = [system.wait(), held.wait(), system.pause()].map((wait) => failureOf(wait, ComputeError));
      await sleep(20);
      place.double.control({ Dead: true });
      try {
        const codes = (await Promise.all(waits)).map(({ code }) => code);
        expect(codes).toEqual(Array.from({ length: 3 }, () => "HCS_SERVICE_DISCONNECT"));
        const failure = await failureOf(system.properties(), ComputeError);
        expect(failure.message).toContain("RPC_S_SERVER_UNAVAILABLE");
      } finally {
        place.double.control({ Dead: false });
      }
      await held.kill();
      await held.close();
    });

    inWorkplace("is modified, and told what is wrong with the request", async (place) => {
      const system = await place.running();
      await system.modify({ ResourcePath: "Container/Memory/SizeInMB", Settings: 512 });
      const failure = await failureOf(system.modify({}), ComputeError);
      expect([isNotSupported(failure), failure.message.includes("$.ResourcePath")]).toEqual([true, true]);
    });

    inWorkplace("tells statistics exactly, processes and pending updates", async (place) => {
      const system = await place.running({ UpdatesPending: true });
      const { Processor, Network } = await system.statistics();
      expect(Processor?.TotalRuntime100ns).toBe(9007199254740993n);
      expect(Network?.[0]?.BytesReceived).toBe(7);
      expect(await system.hasPendingUpdates()).toBe(true);
      const child = await place.process(system, "silent");
      const { ProcessList } = await system.properties(["ProcessList"]);
      expect(ProcessList?.map(({ ProcessId }) => ProcessId)).toEqual([child.pid]);
      await child.close();
    });

    inWorkplace("refuses properties that are no JSON", async (place) => {
      const failure = await failureOf(place.created({ Properties: { Garbage: true } }), ComputeError);
      expect(failure.code).toBe("HCS_ERROR_INVALID_DATA");
    });

    inWorkplace("gives properties of the service, and takes its settings", async (place) => {
      const [basic] = await place.service.serviceProperties(["Basic"]);
      expect(basic).toEqual({ SupportedSchemaVersions: [{ Major: 2, Minor: 1 }] });
      await place.service.modifyServiceSettings({ PropertyType: "Basic", Settings: {} });
    });

    inWorkplace("passes a thousand notifications at once on, in order per system", async (place) => {
      const systems = await Promise.all(Array.from({ length: 10 }, () => place.running()));
      const abort = new AbortController();
      const readers = systems.map(async (system) => {
        const numbers: number[] = [];
        for await (const { type, data } of system.notifications(abort.signal)) {
          if (type !== NotificationType.SystemCrashReport) continue;
          numbers.push((JSON.parse(data ?? "") as { Number: number }).Number);
          if (numbers.length === 100) break;
        }
        return numbers;
      });
      place.double.control({ Storm: 100 });
      const expected = Array.from({ length: 100 }, (_, index) => index);
      for (const numbers of await Promise.all(readers)) expect(numbers).toEqual(expected);
      abort.abort();
    });

    inWorkplace(
      "lets hundreds of calls wait their turn, and is called back from as many threads",
      async (place) => {
        const systems = await Promise.all(Array.from({ length: 600 }, () => place.created()));
        const states = await Promise.all(systems.map(state));
        expect(states.filter((found) => found === "Created").length).toBe(600);
      },
    );
  });

  describe("a Windows process", () => {
    inWorkplace("has streams that carry bytes unchanged, both ways", async (place) => {
      const system = await place.running();
      const child = await place.process(system, "cat");
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
      const both = Promise.all([collect(child.streams.stdout), collect(child.streams.stderr)]);
      child.streams.stdin?.write(bytes);
      await child.closeStdin();
      const [out, err] = await both;
      expect(out.equals(bytes)).toBe(true);
      expect(err.length).toBe(0);
      expect(await child.wait()).toBe(0);
      await child.close();
    });

    inWorkplace("keeps standard output and error apart", async (place) => {
      const system = await place.running();
      const child = await place.process(system, "both");
      const [out, err] = await Promise.all([collect(child.streams.stdout), collect(child.streams.stderr)]);
      expect([out.toString(), err.toString()]).toEqual(["to stdout", "to stderr"]);
      await child.close();
    });

    inWorkplace("has only the streams that it was asked for", async (place) => {
      const system = await place.running();
      const pipes = { CreateStdInPipe: false, CreateStdErrPipe: false };
      const child = await place.process(system, "variable GREETING", {
        ...pipes,
        Environment: { GREETING: "good day" },
      });
      expect(Object.keys(child.streams)).toEqual(["stdout"]);
      expect((await collect(child.streams.stdout)).toString()).toBe("good day");
      await child.close();
    });

    inWorkplace("is not read faster than the reader wants", async (place) => {
      const system = await place.running();
      const size = 8 << 20;
      const child = await place.process(system, `spew ${size}`);
      const { stdout } = child.streams;
      await sleep(300);
      expect(stdout?.readableLength ?? 0).toBeGreaterThan(0);
      expect(Math.min(stdout?.readableLength ?? 0, 1 << 20)).toBe(stdout?.readableLength);
      const early = await failureOf(child.wait(50), ComputeError);
      expect(isTimeout(early)).toBe(true);
      expect((await collect(stdout)).length).toBe(size);
      expect(await child.wait()).toBe(0);
      await child.close();
    });

    inWorkplace("that does not read makes its writer wait", async (place) => {
      const system = await place.running();
      const child = await place.process(system, "silent");
      const { stdin } = child.streams;
      const chunk = Buffer.alloc(1 << 20);
      expect(stdin?.write(chunk)).toBe(false);
      await sleep(100);
      expect(stdin?.writableLength ?? 0).toBeGreaterThan(0);
      await child.kill();
      await child.wait();
      await child.close();
    });

    inWorkplace("gives its exit code", async (place) => {
      const system = await place.running();
      const codes = double().isWindows ? [0, 1, 255, 256, 3221225477, 4294967295] : [0, 1, 137, 255];
      const found: number[] = [];
      for (const code of codes) {
        const child = await place.process(system, `exit ${code}`);
        found.push(await child.wait());
        await child.close();
      }
      expect(found).toEqual(codes);
    });

    inWorkplace("is opened by its pid, signalled and killed", async (place) => {
      const system = await place.running();
      const child = await place.process(system, "silent");
      const opened = await system.openProcess(child.pid);
      expect(Object.keys(opened.streams)).toEqual([]);
      expect((await opened.properties()).Exited).toBe(false);
      await opened.signal({ Signal: double().isWindows ? "CtrlC" : 15 });
      const code = double().isWindows ? 0xc000013a : 143;
      expect([await child.wait(), await opened.wait()]).toEqual([code, code]);
      for (const late of [child.kill(), opened.signal({ Signal: 15 })])
        expect(isAlreadyStopped(await failureOf(late, ComputeError))).toBe(true);
      await opened.close();
      await child.close();
      const missing = await failureOf(system.openProcess(1), ComputeError);
      expect([isNotExist(missing), isAlreadyStopped(missing)]).toEqual([true, true]);
    });

    inWorkplace("has a console that is resized, or says that it has none", async (place) => {
      const system = await place.running();
      const child = await place.process(system, "silent", { EmulateConsole: true });
      const plain = await place.process(system, "silent");
      expect([await child.resizeConsole(120, 40), await plain.resizeConsole(80, 24)]).toEqual([true, false]);
      const failure = await failureOf(plain.modify({ Operation: "Nonsense" }), ComputeError);
      expect(failure.message).toContain(`Cannot modify process ${plain.pid} of "${system.id}": `);
      expect(failure.message).toContain("$.Operation");
      await child.close();
      await plain.close();
    });

    inWorkplace("that cannot be started says why", async (place) => {
      const system = await place.running();
      const failure = await failureOf(system.createProcess({ CommandLine: 7 }), ComputeError);
      expect(failure.message).toContain("$.CommandLine");
      const paused = await place.running();
      await paused.pause();
      expect(isInvalidState(await failureOf(place.process(paused, "cat"), ComputeError))).toBe(true);
    });

    inWorkplace(
      "whose exit is never told is found to have ended by the next signal",
      async (place) => {
        const system = await place.running();
        const child = await place.process(system, "exit 7", { Fault: { Exit: { Lost: true } } });
        const exit = child.wait();
        await until(() => place.double.counts().Processes === 1);
        while (!(await child.properties()).Exited) await sleep(10);
        expect(isAlreadyStopped(await failureOf(child.kill(), ComputeError))).toBe(true);
        expect(await exit).toBe(7);
        await child.close();
      },
      { lostExit: 50 },
    );

    inWorkplace(
      "whose exit is never told is found to have ended by asking",
      async (place) => {
        const system = await place.running();
        const child = await place.process(system, "exit 7", { Fault: { Exit: { Lost: true } } });
        expect(await child.wait()).toBe(7);
      },
      { exitCheck: 50 },
    );

    inWorkplace(
      "that takes no signal is given up, and its code is not known",
      async (place) => {
        const system = await place.running();
        const child = await place.process(system, "silent");
        place.double.control({ Function: "HcsTerminateProcess", Result: 0xc0370105 | 0 });
        expect(isAlreadyStopped(await failureOf(child.kill(), ComputeError))).toBe(true);
        expect(await child.wait()).toBe(-1);
      },
      { lostExit: 50 },
    );

    inWorkplace("that the service has lost ends with -1", async (place) => {
      const system = await place.running();
      const fault = { Fault: { Exit: { LastWaitResult: 6 } } };
      expect(await (await place.process(system, "exit 7", fault)).wait()).toBe(-1);
    });

    inWorkplace("of which the service knows nothing any more ends with -1", async (place) => {
      const system = await place.running();
      const child = await place.process(system, "cat");
      place.double.control({ Function: "HcsGetProcessProperties", Result: 0x80370110 | 0 });
      await child.closeStdin();
      expect(await child.wait()).toBe(-1);
      await child.close();
    });

    inWorkplace("that cannot be taken over is ended again", async (place) => {
      const system = await place.running();
      place.double.control({ Function: "HcsRegisterProcessCallback", Result: 0x8007000e | 0 });
      await failureOf(place.process(system, "silent"), ComputeError);
      await until(() => place.double.counts().Processes === 0);

      const bindings = openBindings(place.double.koffi, place.double.loadLibrary);
      let opened = 0;
      const openDescriptor = (handle: bigint): number => {
        const descriptor = bindings.openDescriptor(handle);
        if (++opened !== 2) return descriptor;
        closeSync(descriptor);
        throw new RangeError("no more descriptors");
      };
      const service = new HcsService({ ...bindings, openDescriptor }, readTimeouts({}));
      const other = await service.openSystem(system.id);
      const before = await hostHandles(place.double);
      const made = other.createProcess({ CommandLine: `"${place.double.program}" silent`, ...ALL_PIPES });
      await failureOf(made, RangeError);
      await until(() => place.double.counts().Processes === 0);
      expect([opened, await hostHandles(place.double)]).toEqual([3, before]);
      await other.close();
      service.close();
    });

    inWorkplace("ends with its system", async (place) => {
      const system = await place.running();
      const children = await Promise.all([1, 2, 3].map(() => place.process(system, "silent")));
      await system.terminate();
      const codes = await Promise.all(children.map((child) => child.wait()));
      await system.wait();
      expect(new Set(codes).size).toBe(1);
      for (const child of children) await child.close();
    });

    inWorkplace("does not take a thread while it is silent", async (place) => {
      const system = await place.running();
      const silent = await Promise.all(Array.from({ length: 32 }, () => place.process(system, "silent")));
      for (const { streams } of silent)
        for (const stream of [streams.stdout, streams.stderr]) stream?.resume();
      await sleep(100);
      const took = {
        create: await timed(() => place.created()),
        exec: await timed(async () => {
          const child = await place.process(system, "exit 0");
          await child.wait();
          await child.close();
        }),
        read: await timed(() => readFile(double().path)),
      };
      console.info(`beside 32 silent processes: ${JSON.stringify(took)} ms`);
      expect(Object.values(took).filter((ms) => ms >= 1000)).toEqual([]);
      for (const child of silent) await child.close();
    });
  });

  describe("every call of the Windows host", () => {
    const failing: [string, (place: Workplace) => Promise<unknown>][] = [
      ["HcsCreateComputeSystem", (place) => place.created()],
      ["HcsRegisterComputeSystemCallback", (place) => place.created()],
      ["HcsGetComputeSystemProperties", (place) => place.created()],
      ["HcsStartComputeSystem", (place) => place.running()],
      ["HcsPauseComputeSystem", async (place) => (await place.running()).pause()],
      ["HcsResumeComputeSystem", async (place) => (await paused(place)).resume()],
      ["HcsSaveComputeSystem", async (place) => (await paused(place)).save({})],
      ["HcsShutdownComputeSystem", async (place) => (await place.running()).shutdown()],
      ["HcsTerminateComputeSystem", async (place) => (await place.running()).terminate()],
      ["HcsModifyComputeSystem", async (place) => (await place.running()).modify({})],
      ["HcsOpenComputeSystem", async (place) => place.service.openSystem((await place.created()).id)],
      ["HcsEnumerateComputeSystems", (place) => place.service.enumerateSystems()],
      ["HcsGetServiceProperties", (place) => place.service.serviceProperties([])],
      ["HcsModifyServiceSettings", (place) => place.service.modifyServiceSettings({})],
      ["HcsCreateProcess", async (place) => place.process(await place.running(), "silent")],
      ["HcsRegisterProcessCallback", async (place) => place.process(await place.running(), "silent")],
      ["HcsOpenProcess", async (place) => (await place.running()).openProcess(1)],
      ["HcsSignalProcess", (place) => withProcess(place, (child) => child.signal({ Signal: 15 }))],
      ["HcsTerminateProcess", (place) => withProcess(place, (child) => child.kill())],
      ["HcsModifyProcess", (place) => withProcess(place, (child) => child.resizeConsole(1, 1))],
      ["HcsGetProcessProperties", (place) => withProcess(place, (child) => child.properties())],
    ];
    const DOCUMENT_OF_FAILURE = JSON.stringify({
      Error: -1,
      ErrorMessage: "broken",
      ErrorEvents: [{ Message: "on purpose", EventId: 5, Source: "Test" }],
    });

    for (const [name, act] of failing) {
      inWorkplace(`fails with the result of ${name}, and releases everything`, async (place) => {
        place.double.control({ Function: name, Result: 0xc037010b | 0, Document: DOCUMENT_OF_FAILURE });
        const failure = await failureOf(act(place), ComputeError);
        expect(failure.code).toBe("HCS_UNKNOWN_MESSAGE");
        const tellsMore = !name.includes("Register");
        expect(failure.events).toEqual(
          tellsMore ? [{ Message: "on purpose", EventId: 5, Source: "Test" }] : [],
        );
      });
    }

    inWorkplace("can be repeated without end: handles, strings and memory stay flat", async (place) => {
      const cycles = rounds(10_000, 500);
      const cycle = async (): Promise<void> => {
        const system = await place.service.createSystem(place.newId(), DOCUMENT);
        await system.start();
        await system.terminate();
        await system.wait();
        await system.close();
      };
      for (let round = 0; round < cycles / 5; round++) await cycle();
      const [before, handlesBefore] = [memory(), await hostHandles(place.double)];
      for (let round = 0; round < cycles; round++) await cycle();
      const [grown, handles] = [memory() - before, (await hostHandles(place.double)) - handlesBefore];
      const size = (grown / 1024).toFixed(0);
      console.info(`${cycles} cycles: memory grew by ${size} KiB, handles of the host by ${handles}`);
      expect(Math.max(handles, 8)).toBe(8);
      await until(() => double().counts().Systems === 0);
      expect(Math.max(grown, 16 << 20)).toBe(16 << 20);
    });
  });
}

async function withProcess<T>(place: Workplace, act: (child: HcsProcess) => Promise<T>): Promise<T> {
  const child = await place.process(await place.running(), "silent");
  try {
    return await act(child);
  } finally {
    await child.close();
  }
}

async function paused(place: Workplace): Promise<HcsSystem> {
  const system = await place.running();
  await system.pause();
  return system;
}

async function state(system: HcsSystem): Promise<string | undefined> {
  return (await system.properties()).State;
}

async function collect(stream: AsyncIterable<Buffer> | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = Date.now();
  await act();
  return Date.now() - began;
}

/** Open handles of this process, as its host counts them. */
async function hostHandles({ isWindows, koffi }: NativeDouble): Promise<number> {
  if (!isWindows) return readdirSync("/proc/self/fd").length;
  const { out } = await openBindings(koffi).kernel32.GetProcessHandleCount(CURRENT_PROCESS);
  return out[0];
}

function memory(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  // The heap grows and shrinks as V8 likes; what lives in it, and what is outside, must not.
  return rss - heapTotal + heapUsed;
}
