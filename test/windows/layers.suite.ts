// The layer store of Windows over the double, with uses remembered in the registry.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LayerError } from "../../src/base/errors.ts";
import type { KeyStore } from "../../src/hcs/key-store.ts";
import type { LayerStore } from "../../src/hcs/layer-store.ts";
import { ComputeError, isAccessDenied } from "../../src/hcs/results.ts";
import { CURRENT_PROCESS } from "../../src/hcs/windows/bindings/kernel32.ts";
import { openBindings, type Bindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { WindowsLayerStore } from "../../src/hcs/windows/layer-store.ts";
import { FILTER_DRIVER } from "../../src/hcs/windows/layers/layer-context.ts";
import { listRecords, withLayer } from "../../src/hcs/windows/layers/layer-record.ts";
import { Privileges, type PrivilegeName } from "../../src/hcs/windows/privileges.ts";
import { RegistryStore } from "../../src/hcs/windows/registry-store.ts";
import { describeLayerStore, type LayerHost } from "../contract/layer-store.contract.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf, sleep } from "./measure.ts";
import { MountPoints } from "./mount-points.ts";
import type { NativeDouble } from "./native-double.ts";

const ACCESS_DENIED = 0x8007_0005;
const ERROR_ACCESS_DENIED = 5;
const SE_PRIVILEGE_ENABLED = 2;
/** The disk that the double makes. What Windows makes holds so many bytes. */
const NEW_DISK = "vhdxfile";
const USUAL_SIZE = 20 * 2 ** 30;
/** Of a Windows that extends volumes itself, and of one that does not. */
const [NEW_BUILD, OLD_BUILD] = [20348, 18362];
const HUGE = 21 * 2 ** 30;

/** A host of layers, and what its tests look at. */
interface DoubledHost extends LayerHost {
  bindings: Bindings;
  keys: RegistryStore;
  privileges: Privileges;
  osBuild: number;
  points: MountPoints;
  open(osBuild?: number): LayerStore;
  /** Paths that the store has made, not the test. */
  made(): string[];
  openWith(keys: KeyStore): LayerStore;
}

function openHost(double: NativeDouble): DoubledHost {
  const folder = fs.mkdtempSync(join(tmpdir(), "runhcs-layers-"));
  const points = new MountPoints();
  const bindings = openBindings(double.koffi, points.in(double.loadLibrary));
  const keys = new RegistryStore(bindings, folder);
  const privileges = new Privileges(bindings);
  const given = new Set<string>();
  let serial = 0;
  const newPath = (): string => join(folder, `layer-${++serial}`);
  const put = (path: string, name: string, text: string): void => fs.writeFileSync(join(path, name), text);
  /** The files of a layer lie in a folder of it, of which its mount path shows the content. */
  const write = (path: string, name: string, text: string): void => {
    fs.mkdirSync(join(path, "Files"), { recursive: true });
    put(join(path, "Files"), name, text);
  };
  const makeLayer = (name: string, text: string): string => {
    const path = newPath();
    given.add(path);
    fs.mkdirSync(path);
    write(path, name, text);
    return path;
  };
  return {
    traits: { showsParents: false, stacksImages: false },
    bindings,
    keys,
    privileges,
    points,
    made: () =>
      fs
        .readdirSync(folder)
        .map((name) => join(folder, name))
        .filter((path) => !given.has(path)),
    osBuild: NEW_BUILD,
    open: (osBuild = NEW_BUILD) => new WindowsLayerStore({ bindings, keys, privileges, osBuild }),
    openWith: (own) => new WindowsLayerStore({ bindings, keys: own, privileges, osBuild: NEW_BUILD }),
    newPath,
    layer: makeLayer,
    scratch: () => {
      const path = newPath();
      given.add(path);
      fs.mkdirSync(path);
      put(path, "sandbox.vhdx", NEW_DISK);
      return path;
    },
    read: (path, name) => {
      const shown = points.shown.get(path) ?? path;
      const file = [join(shown, name), join(shown, "Files", name)].find((at) => fs.existsSync(at));
      return file === undefined ? undefined : fs.readFileSync(file, "utf8");
    },
    write,
    put,
    room: (path) => {
      const { size } = fs.statSync(join(path, "sandbox.vhdx"));
      return size === NEW_DISK.length ? USUAL_SIZE : size;
    },
    exists: fs.existsSync,
    makeFolder: (path) => fs.mkdirSync(path),
    leftovers: () => [
      ...listRecords(keys).map(({ layer }) => `uses of ${layer}`),
      ...[...points.shown.keys()].map((path) => `mount point ${path}`),
    ],
    close: () => fs.rmSync(folder, { recursive: true }),
  };
}

/** What is done to layers, and the functions that it calls. */
interface Trial {
  calls: string;
  act: (store: LayerStore, host: DoubledHost) => Promise<unknown>;
}

const TRIALS: Trial[] = [
  { calls: "CreateLayer", act: (store, host) => store.createLayer(host.newPath(), []) },
  {
    calls: "NameToGuid CreateSandboxLayer",
    act: (store, host) => store.createScratch(host.newPath(), [host.layer("a", "1")], 1),
  },
  { calls: "ExpandSandboxSize", act: (store, host) => store.createScratch(host.newPath(), [], HUGE) },
  { calls: "ExpandSandboxSize", act: (store, host) => store.expandScratch(host.scratch(), 1000) },
  {
    calls: "ImportLayer ProcessBaseImage ProcessUtilityImage",
    act: (store, host) => store.importLayer(host.newPath(), withUtilityVm(host.layer("a", "1")), []),
  },
  { calls: "ExportLayer", act: (store, host) => store.exportLayer(host.layer("a", "1"), host.newPath(), []) },
  { calls: "DestroyLayer", act: (store, host) => store.destroyLayer(host.layer("a", "1")) },
  { calls: "LayerExists", act: (store, host) => store.layerExists(host.layer("a", "1")) },
  {
    calls: "ActivateLayer NameToGuid PrepareLayer GetLayerMountPath",
    act: async (store, host) => {
      const scratch = host.scratch();
      await store.activateLayer(scratch);
      try {
        await store.prepareLayer(scratch, [host.layer("a", "1")]);
        try {
          await store.mountPath(scratch);
        } finally {
          await store.unprepareLayer(scratch);
        }
      } finally {
        await store.deactivateLayer(scratch);
      }
    },
  },
];

function withUtilityVm(path: string): string {
  fs.mkdirSync(join(path, "UtilityVM", "Files"), { recursive: true });
  return path;
}

export function describeLayers(runner: TestRunner, double: () => NativeDouble): void {
  const { describe, test, expect } = runner;

  describeLayerStore("Windows, over the double", runner, async () => openHost(double()));

  describe("layers of Windows", () => {
    const inHost = (name: string, body: (host: DoubledHost) => Promise<void>): void => {
      test(name, async () => {
        const host = openHost(double());
        const before = double().held();
        try {
          await body(host);
          expect(host.leftovers()).toEqual([]);
          expect(double().held()).toEqual(before);
        } finally {
          double().control({ Forget: true });
          host.close();
        }
      });
    };
    for (const { calls, act } of TRIALS)
      for (const name of calls.split(" "))
        inHost(`are as before when ${name} fails (${calls})`, async (host) => {
          double().control({ Function: name, Result: ACCESS_DENIED | 0 });
          const failure = await failureOf(act(host.open(), host), LayerError);
          expect([failure.code, isAccessDenied(failure)]).toEqual(["LAYER_IO", true]);
          expect(failure.message).toMatch(
            /^Cannot \w+( to)? layer "[^"\n]+": permission denied \(ERROR_ACCESS_DENIED 0x80070005\)$/,
          );
          expect(host.made()).toEqual([]);
          await act(host.open(), host);
        });

    inHost("are enlarged with their file system where Windows does not do that", async (host) => {
      const scratch = host.scratch();
      const store = host.open(OLD_BUILD);
      // Here the mount path is a folder, which cannot be opened as a volume.
      const failure = await failureOf(store.expandScratch(scratch, 1000), LayerError);
      expect(failure.message).toMatch(/^Cannot enlarge layer /);
      expect(fs.statSync(join(scratch, "sandbox.vhdx")).size).toBe(1000);
      await failureOf(store.createScratch(host.newPath(), [], HUGE), LayerError);
      expect(host.made()).toEqual([]);
    });

    inHost("stay mounted when they cannot be unmounted", async (host) => {
      const [store, scratch, parent] = [host.open(), host.scratch(), host.layer("a", "1")];
      await store.activateLayer(scratch);
      await store.prepareLayer(scratch, [parent]);
      double().control({ Function: "UnprepareLayer", Result: ACCESS_DENIED | 0 });
      await failureOf(store.unprepareLayer(scratch), LayerError);
      expect(await store.mountPath(scratch)).toBe(scratch);
      await store.unprepareLayer(scratch);
      double().control({ Function: "DeactivateLayer", Result: ACCESS_DENIED | 0 });
      await failureOf(store.deactivateLayer(scratch), LayerError);
      expect(await store.mountedLayer(scratch)).toBe(scratch);
      await store.deactivateLayer(scratch);
    });

    inHost("are shown at a folder or not at all", async (host) => {
      const [store, scratch, target] = [host.open(), host.scratch(), host.newPath()];
      host.makeFolder(target);
      await store.activateLayer(scratch);
      await store.prepareLayer(scratch, [host.layer("a", "1")]);
      host.points.failures.set("SetVolumeMountPointW", ERROR_ACCESS_DENIED);
      const failure = await failureOf(store.showAt(scratch, target), LayerError);
      expect(isAccessDenied(failure)).toBe(true);
      expect(await store.mountedLayer(target)).toBe(undefined);
      await store.showAt(scratch, target);
      host.points.failures.set("DeleteVolumeMountPointW", ERROR_ACCESS_DENIED);
      await failureOf(store.hideFrom(scratch, target), LayerError);
      host.points.failures.set("DeleteVolumeMountPointW", ERROR_ACCESS_DENIED);
      await failureOf(store.unprepareLayer(scratch), LayerError);
      expect(await store.mountedLayer(target)).toBe(scratch);
      host.points.shown.clear();
      await store.unprepareLayer(scratch);
      await store.deactivateLayer(scratch);
    });

    for (const step of ["activate", "prepare"] as const)
      inHost(`are taken apart when the call that was to ${step} them was killed`, async (host) => {
        const { vmcompute } = host.bindings;
        const [store, scratch, parent] = [host.open(), host.scratch(), host.layer("a", "1")];
        const layers = [{ LayerId: (await vmcompute.NameToGuid("x")).out[0], Flags: 0, Path: parent }];
        if (step === "prepare") await store.activateLayer(scratch);
        await withLayer(host, scratch, async ({ record, save }) => {
          record.step = step;
          save();
        });
        if (step === "activate") await vmcompute.ActivateLayer(FILTER_DRIVER, scratch);
        await vmcompute.PrepareLayer(FILTER_DRIVER, scratch, layers);
        await failureOf(store.mountPath(scratch), LayerError);
        await store.activateLayer(scratch);
        await store.prepareLayer(scratch, [parent]);
        await store.unprepareLayer(scratch);
        await store.deactivateLayer(scratch);
        if (step === "prepare") await store.deactivateLayer(scratch);
      });

    inHost("of other programs are left alone", async (host) => {
      const [store, scratch] = [host.open(), host.scratch()];
      const { vmcompute } = host.bindings;
      await vmcompute.ActivateLayer(FILTER_DRIVER, scratch);
      const failure = await failureOf(store.activateLayer(scratch), LayerError);
      expect(failure.code).toBe("LAYER_BUSY");
      expect((await vmcompute.DeactivateLayer(FILTER_DRIVER, scratch)).value).toBe(0);
    });

    inHost("have no use that cannot be remembered", async (host) => {
      const [scratch, parent] = [host.scratch(), host.layer("a", "1")];
      for (let write = 1; write <= 4; write++) {
        const store = host.openWith(failingAt(host.keys, write));
        const failure = await failureOf(
          (async () => {
            await store.activateLayer(scratch);
            await store.prepareLayer(scratch, [parent]);
          })(),
          ComputeError,
        );
        expect(isAccessDenied(failure)).toBe(true);
        const whole = host.open();
        if (write > 2) await whole.deactivateLayer(scratch);
        await whole.activateLayer(scratch);
        await whole.deactivateLayer(scratch);
        expect(host.leftovers()).toEqual([]);
      }
    });

    inHost("of one name cannot lie over each other", async (host) => {
      const [store, scratch] = [host.open(), host.scratch()];
      const twins = [host.newPath(), host.newPath()].map((path) => join(path, "same"));
      for (const path of twins) fs.mkdirSync(path, { recursive: true });
      await store.activateLayer(scratch);
      const failure = await failureOf(store.prepareLayer(scratch, twins), LayerError);
      expect(failure.message).toMatch(/has the same name, by which Windows tells layers apart$/);
      await store.deactivateLayer(scratch);
    });

    inHost("are known in upper and lower case, and with a backslash at the end", async (host) => {
      const [store, scratch] = [host.open(), host.scratch()];
      await store.activateLayer(scratch);
      expect(await store.mountedLayer(`${scratch.toUpperCase()}\\`)).toBe(scratch);
      await store.deactivateLayer(scratch.toUpperCase());
    });

    inHost("are copied with privileges that are given back", async (host) => {
      const names = ["SeBackupPrivilege", "SeRestorePrivilege"] as const;
      const state = (): boolean[] => names.map((name) => isEnabled(host.bindings, name));
      const before = state();
      for (const name of names) setEnabled(host.bindings, name, false);
      expect(state()).toEqual([false, false]);
      const during: boolean[][] = [];
      const both = [1, 2].map((ms) =>
        host.privileges.with(names, async () => {
          await sleep(ms * 20);
          during.push(state());
        }),
      );
      await Promise.all(both);
      expect([during, state()]).toEqual([
        [
          [true, true],
          [true, true],
        ],
        [false, false],
      ]);
      double().control({ Function: "ImportLayer", Result: ACCESS_DENIED | 0 });
      await failureOf(host.open().importLayer(host.newPath(), host.layer("a", "1"), []), LayerError);
      expect(state()).toEqual([false, false]);
      setEnabled(host.bindings, "SeBackupPrivilege", true);
      await host.privileges.with(names, async () => undefined);
      expect(state()).toEqual([true, false]);
      const unknown = "SeNonsensePrivilege" as PrivilegeName;
      await failureOf(
        host.privileges.with(["SeRestorePrivilege", unknown], async () => undefined),
        ComputeError,
      );
      expect(state()).toEqual([true, false]);
      names.forEach((name, at) => setEnabled(host.bindings, name, before[at] ?? false));
    });
  });
}

/** Sets a privilege of this process. @returns whether it was as it should be */
function setEnabled({ direct }: Bindings, name: PrivilegeName, isOn: boolean): boolean {
  const { advapi32, kernel32 } = direct;
  const [token] = advapi32.OpenProcessToken(CURRENT_PROCESS, 0x28).out;
  const [wanted, before] = [Buffer.alloc(16), Buffer.alloc(16)];
  wanted.writeUInt32LE(1, 0);
  wanted.writeBigUInt64LE(BigInt(advapi32.LookupPrivilegeValueW(null, name).out[0]), 4);
  wanted.writeUInt32LE(isOn ? SE_PRIVILEGE_ENABLED : 0, 12);
  advapi32.AdjustTokenPrivileges(token, 0, wanted, before.length, before, Buffer.alloc(4));
  kernel32.CloseHandle(token);
  const wasOn = (before.readUInt32LE(12) & SE_PRIVILEGE_ENABLED) !== 0;
  return before.readUInt32LE(0) === 0 || wasOn === isOn;
}

function isEnabled(bindings: Bindings, name: PrivilegeName): boolean {
  if (setEnabled(bindings, name, true)) return true;
  setEnabled(bindings, name, false);
  return false;
}

/** Keys of which one write fails, counted from 1. */
function failingAt(keys: RegistryStore, write: number): KeyStore {
  let writes = 0;
  return new Proxy<KeyStore>(keys, {
    get: (store, member) => {
      const value: unknown = Reflect.get(store, member);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (member === "writeValue" && ++writes === write)
          throw new ComputeError({ operation: "write", hresult: ERROR_ACCESS_DENIED });
        return Reflect.apply(value, store, args);
      };
    },
  });
}
