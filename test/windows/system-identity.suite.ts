// Whose system it is that the service has under an id, when that is told by the shim, the service, or nobody.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RuntimeError } from "../../src/base/errors.ts";
import type { ComputeService, WindowsContainerDocument } from "../../src/hcs/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import type { HcsSystem } from "../../src/hcs/windows/compute-system.ts";
import { openShims } from "../../src/hcs/windows/shims/open-shims.ts";
import { ShimRecords, type SystemRecord } from "../../src/hcs/windows/shims/shim-records.ts";
import { readTimeouts, type Timeouts } from "../../src/hcs/windows/timeouts.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import { failureOf, until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const OWNER = "runhcs";
const ID = "web";
/** Says that it works, and holds nothing: with the call that started it the system loses its last handle. */
const SHIM = `
  const fs = require("node:fs");
  fs.writeSync(3, Buffer.from([0, 0x4f, 0x4b, 0]));
  fs.closeSync(3);
`;
const RECORD: SystemRecord = {
  UniqueId: "7a5c0d1e-0000-4000-8000-0000000000e1",
  Owner: OWNER,
  GuestOs: "Windows",
  InitProcess: { cwd: "C:\\", args: ["x"] },
};
const NO_GUID = { Properties: { NoRuntimeId: true } };
const SHORT = { systemEnd: 200 };
const E_FAIL = 0x8000_4005 | 0;

/** A state root on the double, and a service that other roots share with it. */
class Place {
  readonly keys = new MemoryKeys();
  readonly records = new ShimRecords(this.keys);
  readonly hcs: HcsService;
  readonly compute: ComputeService;
  readonly double: NativeDouble;
  readonly #others: HcsSystem[] = [];
  /** Systems that earlier tests have left. */
  readonly #left: number;

  constructor(double: NativeDouble, timeouts: Partial<Timeouts>) {
    const all = { ...readTimeouts({}), ...timeouts };
    const script = join(dirname(double.path), "silent-shim.cjs");
    writeFileSync(script, SHIM);
    this.double = double;
    this.hcs = new HcsService(openBindings(double.koffi, double.loadLibrary), all);
    const program = [process.execPath, script];
    this.compute = openShims({
      hcs: this.hcs,
      timeouts: all,
      keys: this.keys,
      program,
      osBuild: 20_348,
    }).compute;
    this.keys.createKey(ID);
    this.#left = double.counts().Systems;
  }

  /** Makes the container, whose shim has ended then as if it was killed. @param hold is called while its system is there */
  async create(fault: object = {}, hold: () => Promise<unknown> = async () => undefined): Promise<void> {
    const InitProcess = { cwd: "C:\\", args: ["x"] };
    const document: WindowsContainerDocument = {
      System: systemOf(fault),
      InitProcess,
      GuestOs: "Windows",
      Owner: OWNER,
    };
    const onCreated = async (): Promise<void> => {
      this.records.setShim(ID, 1_000_000_000);
      await hold();
    };
    await this.compute.createSystem(ID, document, { detached: true, onCreated } as never);
  }

  /** Makes the system that another state root has under the same id. */
  async another(fault: object = {}): Promise<HcsSystem> {
    const system = await this.hcs.createSystem(ID, systemOf(fault));
    this.#others.push(system);
    return system;
  }

  /** Opens the system of the container, as its shim does. */
  async open(): Promise<HcsSystem> {
    const system = await this.hcs.openSystem(ID);
    this.#others.push(system);
    return system;
  }

  /** Is alive as a shim is, until its system has ended. */
  async beShim(): Promise<void> {
    const lock = this.records.holdAlive(this.records.find(ID)?.UniqueId ?? "");
    const system = await this.open();
    const release = (): void => lock?.release();
    void system.wait().then(release, release);
  }

  async systems(): Promise<string[]> {
    return (await this.hcs.enumerateSystems()).map(({ Id }) => Id);
  }

  async terminate(): Promise<void> {
    await (await this.compute.openSystem(ID)).terminate();
  }

  async close(): Promise<void> {
    this.double.control({ Forget: true });
    for (const system of this.#others) {
      await system.terminate().catch(() => undefined);
      await system.close().catch(() => undefined);
    }
    await until(() => this.double.counts().Systems <= this.#left);
    this.hcs.close();
  }
}

function systemOf(fault: object): NonNullable<WindowsContainerDocument["System"]> {
  const document = { Owner: OWNER, SchemaVersion: { Major: 2, Minor: 1 }, Container: {}, Fault: fault };
  return { ...document, ShouldTerminateOnLastHandleClosed: true };
}

/** Declares the tests. */
export function describeSystemIdentity(
  { describe, test, expect }: TestRunner,
  double: () => NativeDouble,
): void {
  const inPlace = (
    name: string,
    body: (place: Place) => Promise<void>,
    timeouts: Partial<Timeouts> = {},
  ): void =>
    test(name, async () => {
      const place = new Place(double(), timeouts);
      try {
        await body(place);
      } finally {
        await place.close();
      }
    });

  /** How it is told whose a system is, with what the service is ordered to do for that. */
  const WAYS = [
    ["by its GUID", {}, {}],
    ["by its shim, where the service tells no GUID", NO_GUID, SHORT],
  ] as const;

  describe("the system of a container", () => {
    for (const [how, fault, timeouts] of WAYS) {
      inPlace(
        `is told ${how} from one that has its id since its shim was killed`,
        async (place) => {
          await place.create(fault);
          const other = await place.another(fault);
          await other.start();
          const system = await place.compute.openSystem(ID);
          expect((await system.properties()).State).toBe("Stopped");
          expect((await failureOf(system.pause(), RuntimeError)).code).toBe("HCS_SYSTEM_NOT_FOUND");
          await system.terminate();
          expect([await place.systems(), place.records.list()]).toEqual([[ID], []]);
          expect((await other.properties()).State).toBe("Running");
        },
        timeouts,
      );

      inPlace(
        `is told ${how} when gc removes what is kept of it`,
        async (place) => {
          await place.create(fault);
          await place.another(fault);
          const [leftover] = await place.compute.findLeftovers();
          expect(await leftover?.remove()).toBe(true);
          expect([await place.systems(), place.records.list()]).toEqual([[ID], []]);
        },
        timeouts,
      );

      inPlace(`is ended when it is told ${how}`, async (place) => {
        await place.create(fault, () => place.beShim());
        expect((await (await place.compute.openSystem(ID)).properties()).State).toBe("Created");
        await place.terminate();
        expect([await place.systems(), place.keys.listValues(ID)]).toEqual([[], []]);
      });
    }

    inPlace(
      "is none yet when its call was killed before it was made",
      async (place) => {
        place.records.add(ID, RECORD);
        const other = await place.another();
        expect((await (await place.compute.openSystem(ID)).properties()).State).toBe("Stopped");
        await place.terminate();
        expect([await place.systems(), place.records.list()]).toEqual([[ID], []]);
        expect((await other.properties()).Stopped).toBe(false);
      },
      SHORT,
    );

    inPlace(
      "is gone when terminate returns, though its call was killed before it could note it",
      async (place) => {
        place.records.add(ID, RECORD);
        const own = await place.another();
        setTimeout(() => void own.close(), 300);
        await place.terminate();
        expect([await place.systems(), place.records.list()]).toEqual([[], []]);
      },
    );
  });

  describe("a container whose record is damaged", () => {
    const damage = (place: Place): void => void place.keys.writeValue(ID, "system", { json: "{" });

    inPlace("is not called stopped while its system is there", async (place) => {
      await place.create({}, () => place.beShim());
      damage(place);
      const system = await place.compute.openSystem(ID);
      const failure = await failureOf(system.properties(), RuntimeError);
      expect(failure.message).toBe(
        'Cannot read the system of container "web": value "system" of memory of "web" is damaged',
      );
      expect(await place.compute.findLeftovers()).toEqual([]);
      await system.terminate();
      expect([await place.systems(), place.keys.listValues(ID)]).toEqual([[], []]);
    });

    inPlace("is forgotten when its system has ended, and one of another is left alone", async (place) => {
      await place.create();
      damage(place);
      await place.another();
      await place.terminate();
      expect([await place.systems(), place.keys.listValues(ID)]).toEqual([[ID], []]);
    });

    inPlace("is found by gc when there is no system any more", async (place) => {
      await place.create();
      damage(place);
      const [leftover] = await place.compute.findLeftovers();
      expect(await leftover?.remove()).toBe(true);
      expect(place.keys.listValues(ID)).toEqual([]);
    });

    inPlace("is kept, and said to be, when nobody can tell whose the system is", async (place) => {
      await place.create(NO_GUID);
      damage(place);
      const other = await place.another(NO_GUID);
      const { message } = await failureOf(place.terminate(), RuntimeError);
      expect(message).toBe(
        'Cannot end the system of container "web": its record is damaged, and no GUID tells whether the system "web" of the service is its own',
      );
      expect([await place.systems(), place.records.list()]).toEqual([[ID], [ID]]);
      await other.close();
      await place.terminate();
      expect(place.records.list()).toEqual([]);
    });
  });

  describe("a handle that cannot be closed", () => {
    const refuse = (place: Place, Function: string): void =>
      place.double.control({ Function, Result: E_FAIL, Times: 0 });

    inPlace("does not make a failure of what has been done", async (place) => {
      await place.create({}, () => place.beShim());
      const own = await place.hcs.openSystem(ID);
      await own.start();
      refuse(place, "HcsCloseComputeSystem");
      const system = await place.compute.openSystem(ID);
      await system.pause();
      expect((await own.properties()).State).toBe("Paused");
      await own.close().catch(() => undefined);
    });

    inPlace("does not keep a container from being created", async (place) => {
      refuse(place, "HcsCloseComputeSystem");
      await place.create();
      expect(place.records.list()).toEqual([ID]);
    });

    inPlace("is told beside what has failed", async (place) => {
      await place.create({}, () => place.beShim());
      refuse(place, "HcsCloseComputeSystem");
      refuse(place, "HcsPauseComputeSystem");
      const { message, suppressed } = await failureOf(
        (await place.compute.openSystem(ID)).pause(),
        RuntimeError,
      );
      expect(message).toMatch(/^Cannot pause "web": /);
      expect(suppressed.map(String).join()).toMatch(/Cannot close "web"/);
    });
  });
}
