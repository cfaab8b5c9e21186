// Scratches of containers on Windows over the double: which of two containers gets one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { WindowsLayerStore } from "../../src/hcs/windows/layer-store.ts";
import { Privileges } from "../../src/hcs/windows/privileges.ts";
import { mountRoot } from "../../src/runtime/windows-container/container-resources.ts";
import { releaseResources } from "../../src/runtime/windows-container/release-resources.ts";
import type { RuntimeOnWindows } from "../../src/runtime/windows-container/runtime-on-windows.ts";
import { ContainerNotes } from "../../src/state/container-notes.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import type { NativeDouble } from "./native-double.ts";

const OS_BUILD = 20_348;

export function describeScratches({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  describe("the scratch of a container", () => {
    test("goes to one of two that ask for it at once, and to the other when that is gone", async () => {
      const folder = mkdtempSync(join(tmpdir(), "runhcs-scratches-"));
      const [base, scratch] = [join(folder, "base"), join(folder, "scratch")];
      for (const path of [base, scratch]) mkdirSync(path);
      writeFileSync(join(scratch, "sandbox.vhdx"), "vhdxfile");
      const keys = new MemoryKeys();
      const bindings = openBindings(double().koffi, double().loadLibrary);
      const layers = new WindowsLayerStore({
        bindings,
        keys,
        privileges: new Privileges(bindings),
        osBuild: OS_BUILD,
      });
      const runtime = { layers, windows: { keys, notes: new ContainerNotes(keys) } };
      const onWindows = runtime as unknown as RuntimeOnWindows;
      const spec = { ociVersion: "1.0.2", windows: { layerFolders: [base, scratch] } };
      const mount = (id: string): Promise<string> => mountRoot(onWindows, id, spec);
      for (const id of ["one", "two"]) keys.createKey(id);
      const both = await Promise.allSettled([mount("one"), mount("two")]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      expect(double().counts().Layers).toBe(1);
      const [first = "", second = ""] = both[0].status === "fulfilled" ? ["one", "two"] : ["two", "one"];
      for (const id of [second, first]) await releaseResources(onWindows, id);
      expect(double().counts().Layers).toBe(0);
      await mount(second);
      await releaseResources(onWindows, second);
      expect(double().counts().Layers).toBe(0);
      rmSync(folder, { recursive: true });
    });
  });
}
