// How scratches are enlarged on builds of Windows that leave their file system as it was.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LayerError } from "../../src/base/errors.ts";
import { isAccessDenied } from "../../src/hcs/results.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { extendVolume, leavesVolumeSmall } from "../../src/hcs/windows/layers/extend-volume.ts";
import { FILTER_DRIVER, type LayerContext } from "../../src/hcs/windows/layers/layer-context.ts";
import type { LayerRecord } from "../../src/hcs/windows/layers/layer-record.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";
import { Volumes } from "./volumes.ts";

const ERROR_ACCESS_DENIED = 5;
const ACCESS_DENIED = 0x8007_0005;
const GET_LENGTH = 0x7405c;
const EXTEND = 0x900f0;
const LENGTH = 30n * 2n ** 30n;

/** A scratch, its volume, and what is written down of it. */
interface Scratch {
  volumes: Volumes;
  /** Steps as they were written down. */
  steps: (string | undefined)[];
  record: LayerRecord;
  extend(): Promise<void>;
  /** Whether it is mounted; it is not any more then. */
  isMounted(): Promise<boolean>;
}

export function describeVolumes({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  const withScratch = (name: string, body: (scratch: Scratch) => Promise<void>): void => {
    test(name, async () => {
      const layer = fs.mkdtempSync(join(tmpdir(), "runhcs-volume-"));
      const volumes = new Volumes(layer, LENGTH);
      const bindings = openBindings(double().koffi, volumes.in(double().loadLibrary));
      const record: LayerRecord = { layer, activations: 0, preparations: 0, parents: [], targets: [] };
      const steps: Scratch["steps"] = [];
      const context = { bindings } as unknown as LayerContext;
      try {
        await body({
          volumes,
          steps,
          record,
          extend: () => extendVolume(context, { record, save: () => void steps.push(record.step) }),
          isMounted: async () => (await bindings.vmcompute.DeactivateLayer(FILTER_DRIVER, layer)).value === 0,
        });
        expect(volumes.open.size).toBe(0);
      } finally {
        double().control({ Forget: true });
        fs.rmSync(layer, { recursive: true });
      }
    });
  };

  describe("the volume of a scratch", () => {
    test("is left small by the builds from 18362 to 19019", async () => {
      const builds = [17763, 18361, 18362, 18363, 19019, 19020, 19041, 20348];
      expect(builds.filter(leavesVolumeSmall)).toEqual([18362, 18363, 19019]);
    });

    withScratch(
      "takes all whole clusters of its partition",
      async ({ volumes, extend, steps, isMounted }) => {
        await extend();
        expect(volumes.sectors).toBe(LENGTH / 512n);
        volumes.length = LENGTH + 4096n * 3n + 4095n;
        await extend();
        expect(volumes.sectors).toBe(LENGTH / 512n + 24n);
        expect([steps, await isMounted()]).toEqual([["activate", undefined, "activate", undefined], false]);
      },
    );

    for (const what of ["CreateFileW", GET_LENGTH, EXTEND])
      withScratch(`is unmounted when it cannot be extended (${what})`, async (scratch) => {
        scratch.volumes.failures.set(what, ERROR_ACCESS_DENIED);
        const failure = await failureOf(scratch.extend(), LayerError);
        expect([failure.code, isAccessDenied(failure)]).toEqual(["LAYER_IO", true]);
        expect(failure.message).toMatch(
          /^Cannot enlarge layer "[^"]+": permission denied \(ERROR_ACCESS_DENIED /,
        );
        expect([scratch.steps.at(-1), await scratch.isMounted()]).toEqual([undefined, false]);
      });

    for (const name of ["ActivateLayer", "GetLayerMountPath"])
      withScratch(`is unmounted when ${name} fails`, async (scratch) => {
        double().control({ Function: name, Result: ACCESS_DENIED | 0 });
        await failureOf(scratch.extend(), LayerError);
        expect([scratch.steps.at(-1), await scratch.isMounted()]).toEqual([undefined, false]);
      });

    withScratch("is known to be half made when it stays mounted", async (scratch) => {
      double().control({ Function: "DeactivateLayer", Result: ACCESS_DENIED | 0 });
      const failure = await failureOf(scratch.extend(), LayerError);
      expect(failure.message).toMatch(/^Cannot unmount layer /);
      expect([scratch.steps, await scratch.isMounted()]).toEqual([["activate"], true]);
    });
  });
}
