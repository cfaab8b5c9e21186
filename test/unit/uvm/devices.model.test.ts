import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RuntimeError } from "../../../src/base/errors.ts";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { chosenSeed, randomNumbers, rounds } from "../../support/soak-rounds.ts";
import { FarSide, vmOver } from "./far-side.ts";
import { addition, KINDS, NAMES, operation, removal, type Model, type Operation } from "./operations.ts";

/** Calls that are made at once, and which of their requests fail. */
interface Burst {
  operations: Operation[];
  failing: number[];
}

/**
 * Makes the calls of a burst at once and compares each with the model. As calls for one thing are served in their
 * order, each meets what the earlier ones have left.
 */
async function expectBurst(
  far: FarSide,
  vm: UtilityVm,
  model: Model,
  { operations, failing }: Burst,
): Promise<void> {
  far.fail(...failing);
  const results = await Promise.allSettled(operations.map((call) => call.run(vm)));
  for (const [index, call] of operations.entries()) {
    const result = results[index];
    const refusal = call.refusal(model);
    if (result?.status === "fulfilled") {
      expect([call.name, undefined]).toEqual([call.name, refusal]);
      call.apply(model);
    } else {
      const { reason } = result as PromiseRejectedResult;
      if (!(reason instanceof RuntimeError)) throw reason;
      const isInjected = reason.code === "UVM_MODIFY" && failing.length > 0;
      expect([call.name, isInjected ? "UVM_MODIFY" : refusal]).toEqual([call.name, reason.code]);
    }
  }
}

/** What must hold between calls: what is in use is found, and no two things have one place on either side. */
function expectOrder(vm: UtilityVm, model: Model): void {
  const disks = NAMES.flatMap((name) => vm.scsi.find(name) ?? []);
  const images = NAMES.flatMap((name) => vm.vpmem.find(name) ?? []);
  const inUse = (family: string): number => [...model.keys()].filter((key) => key.startsWith(family)).length;
  expect(disks).toHaveLength(inUse("scsi") + inUse("disk"));
  expect(images).toHaveLength(inUse("vpmem"));
  expectUnique(disks.map(({ controller, lun }) => `${controller}:${lun}`));
  expectUnique(images.map(({ number }) => number));
  expectUnique([...disks, ...images].flatMap(({ guestPath }) => guestPath ?? []));
}

function expectUnique(values: unknown[]): void {
  expect(new Set(values).size).toBe(values.length);
}

/** Gives back every use; what could not be rolled back goes with one more use. */
async function giveBack(os: "linux" | "windows", vm: UtilityVm, model: Model): Promise<void> {
  for (const kind of Object.keys(KINDS[os])) {
    for (const name of NAMES) {
      const remove = removal(os, kind, name);
      while (model.has(remove.key)) {
        await remove.run(vm);
        remove.apply(model);
      }
    }
  }
  for (const kind of Object.keys(KINDS[os])) {
    for (const name of NAMES) {
      await addition(os, kind, name).run(vm);
      await removal(os, kind, name).run(vm);
    }
  }
}

const scsi = { Scsi: { "0": {} } };
const seed = chosenSeed();

describe.each(["linux", "windows"] as const)("in a %s guest", (os) => {
  const devices = os === "linux" ? { ...scsi, VirtualPMem: { MaximumCount: 16 } } : scsi;
  const burst = (failing: fc.Arbitrary<number[]>): fc.Arbitrary<Burst> =>
    fc.record({ operations: fc.array(operation(os), { minLength: 1, maxLength: 5 }), failing });

  test.each([
    ["no failures", fc.constant<number[]>([])],
    ["a failure at times", fc.oneof(fc.constant<number[]>([]), fc.tuple(fc.integer({ min: 1, max: 8 })))],
    ["failures of roll-backs too", fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 })],
  ])(
    "uses are as the model counts them, and in the end nothing is left: %s",
    async (_, failing) => {
      const property = fc.asyncProperty(
        fc.array(burst(failing), { maxLength: 12 }),
        fc.nat(),
        async (bursts, delays) => {
          const random = randomNumbers(delays);
          const far = new FarSide({ os, delay: () => Math.floor(random() * 3) });
          const vm = await vmOver(far, devices);
          const model: Model = new Map();
          for (const calls of bursts) {
            await expectBurst(far, vm, model, calls);
            expectOrder(vm, model);
          }
          far.fail();
          await giveBack(os, vm, model);
          expect([...far.host.keys(), ...far.guest.keys()]).toEqual([]);
        },
      );
      await fc.assert(property, { seed: seed | 0, numRuns: rounds(2000, 60) });
    },
    120_000,
  );

  test("a failure at each request of each call is rolled back whole", async () => {
    for (const kind of Object.keys(KINDS[os])) {
      for (let number = 1; ; number++) {
        const far = new FarSide({ os });
        const vm = await vmOver(far, devices);
        far.fail(number);
        const isDone = await addition(os, kind, "a")
          .run(vm)
          .then(
            () => true,
            () => false,
          );
        if (isDone) break;
        expect([...far.host.keys(), ...far.guest.keys()], `${kind} at ${number}`).toEqual([]);
      }
    }
  });
});
