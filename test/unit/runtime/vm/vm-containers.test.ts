import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HcsResult } from "../../../../src/hcs/results.ts";
import type { RuntimeOnWindows } from "../../../../src/runtime/windows-container/runtime-on-windows.ts";
import { VmContainers } from "../../../../src/runtime/vm/vm-containers.ts";
import { checkNamespace } from "../../../../src/schema/validate-hcs-network.ts";
import { ContainerNotes } from "../../../../src/state/container-notes.ts";
import { KeyStateStore } from "../../../../src/state/key-state-store.ts";
import { MemoryKeys } from "../../../support/memory-keys.ts";
import { FarSide, vmOver } from "../../uvm/far-side.ts";

let folder: string;
let far: FarSide;
let containers: VmContainers;
let store: KeyStateStore;
let notes: ContainerNotes;

const NAMESPACE = "6d1b4c7e-0000-4000-8000-000000000001";
const ENDPOINT = { ID: "7a5c0d1e-0000-4000-8000-0000000000e1", MacAddress: "00-15-5D-01-02-03" };
const RESOURCE = { Type: "Endpoint", Data: { Id: ENDPOINT.ID } };
/** A network service with one namespace. */
const networks = {
  namespace: async (ID: string) => ({ ID, IsDefault: false, ResourceList: [RESOURCE], CompartmentId: 3 }),
  endpointsOf: async () => [ENDPOINT.ID],
  endpoint: async () => ENDPOINT,
};

beforeEach(() => boot("linux"));

async function boot(os: "linux" | "windows"): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "runhcs-owned-"));
  for (const name of ["base", "scratch"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "base", "layer.vhd"), "conectix");
  writeFileSync(join(folder, "scratch", "sandbox.vhdx"), "vhdxfile");
  far = new FarSide({ os, delay: () => 2 });
  const keys = new MemoryKeys();
  store = new KeyStateStore(keys);
  await keep("web", os === "linux" ? { linux: {} } : {});
  // A service that guards nothing.
  const service = { modify: async () => undefined, properties: async () => [{}] };
  const host = { osBuild: 20_348, processors: 4, layerId: async () => ENDPOINT.ID, service };
  notes = new ContainerNotes(keys);
  const windows = { notes, networks, ...host };
  const vm = await vmOver(far, { Scsi: { "0": {} }, VirtualPMem: { MaximumCount: 4 } });
  const hosting = { id: vm.id, os: vm.os, processorCount: 2, isTemplate: false };
  containers = new VmContainers({ store, windows } as unknown as RuntimeOnWindows, vm, hosting);
}

afterEach(() => rmSync(folder, { recursive: true }));

/** Keeps the state of a container in the VM. */
async function keep(id: string, changes: object): Promise<void> {
  const record = {
    format: 1 as const,
    id,
    owner: "tester",
    ociVersion: "1.0.2",
    bundle: folder,
    rootfs: "",
    created: "2026-01-01T00:00:00Z",
    isolation: "hypervisor" as const,
    vm: { host: "pod", id: "vm", pipe: "pipe" },
    annotations: {},
  };
  const layerFolders = [join(folder, "base"), join(folder, "scratch")];
  const windows = { layerFolders, credentialSpec: {} };
  const config = { ociVersion: "1.0.2", root: { path: "" }, windows, ...changes };
  (await store.create(record, JSON.stringify(config))).release();
}

/** A client, and what ends it. */
function client(): { isGone: Promise<void>; leave: () => void } {
  let leave = (): void => undefined;
  const isGone = new Promise<void>((resolve) => (leave = resolve));
  return { isGone, leave };
}

const ask = (Op: string, asker = client()): Promise<void> => containers.answer({ ID: "web", Op }, asker);
const had = (): number => far.host.size + far.guest.size;

test("a container that is deleted while a killed call has it made leaves nothing", async () => {
  const killed = client();
  const creation = ask("create", killed);
  await setImmediate();
  killed.leave();
  await ask("unmount");
  await creation;
  expect([had(), far.calls.filter((call) => call === "close web").length]).toEqual([0, 1]);
});

test("what a failed creation cannot give back is given back when the container is deleted", async () => {
  await ask("create");
  const last = far.calls.length;
  await ask("unmount");
  far.fail(last, last + 1);
  await expect(ask("create")).rejects.toThrow(/E_FAIL/);
  expect(had()).toBeGreaterThan(0);
  await ask("unmount");
  expect(had()).toBe(0);
});

test("an owner goes on if the handle of a container cannot be closed", async () => {
  const asker = client();
  await ask("create", asker);
  far.fail(1);
  asker.leave();
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  far.fail();
  await ask("unmount");
  expect(had()).toBe(0);
});

test("what a container has of a VM that ends is gone with it", async () => {
  await ask("create");
  far.failure = HcsResult.SYSTEM_ALREADY_STOPPED;
  far.fail(...Array.from({ length: 50 }, (_, index) => index + 1));
  await ask("unmount");
  far.failure = HcsResult.FAIL;
  await ask("unmount");
});

test("a Windows container is not made without the guard of its credentials", async () => {
  rmSync(folder, { recursive: true });
  await boot("windows");
  await expect(ask("create")).rejects.toThrow(
    /^Cannot create "web" in VM "vm": the service does not guard its credentials any more$/,
  );
  expect(had()).toBe(0);
});

test("a Windows guest is told of the whole namespace, as the host's network service describes it", async () => {
  await boot("windows");
  await keep("net", { windows: { layerFolders: [join(folder, "base"), join(folder, "scratch")] } });
  notes.set("net", "netns", NAMESPACE);
  await containers.answer({ ID: "net", Op: "create" }, client());
  const told = far.requests.find(({ GuestRequest }) => GuestRequest?.ResourceType === "NetworkNamespace");
  expect(told?.GuestRequest?.Settings).toEqual({
    ID: NAMESPACE,
    NamespaceId: 3,
    Type: "Host",
    Resources: [RESOURCE],
    SchemaVersion: { Major: 2, Minor: 0 },
  });
  expect(checkNamespace(told?.GuestRequest?.Settings).faults).toEqual([]);
  expect(checkNamespace({ Type: "Nowhere" }).faults).toHaveLength(1);
});
