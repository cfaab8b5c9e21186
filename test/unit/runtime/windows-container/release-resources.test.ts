import { beforeEach, expect, test } from "vitest";
import { ContainerStateError } from "../../../../src/base/errors.ts";
import { OWNER_PIPES } from "../../../../src/hcs/vm-owners.ts";
import { releaseResources } from "../../../../src/runtime/windows-container/release-resources.ts";
import type { RuntimeOnWindows } from "../../../../src/runtime/windows-container/runtime-on-windows.ts";
import { ContainerNotes } from "../../../../src/state/container-notes.ts";
import { MemoryKeys } from "../../../support/memory-keys.ts";

const GUID = "7a5c0d1e-0000-4000-8000-0000000000e1";
const SCRATCH = "C:\\layers\\scratch";
const NETWORK = { namespace: GUID, isOwn: true, endpoints: [GUID] };
const VM = { id: "web@vm", pipe: `${OWNER_PIPES}${GUID}`, isOwn: true };
const WHOLE = { scratch: SCRATCH, network: NETWORK, credentials: "web", vm: VM };
/** All that is done to give back what {@link WHOLE} notes. */
const ALL = ["end web@vm", `network ${GUID}`, "unguard web", `unprepare ${SCRATCH}`, `deactivate ${SCRATCH}`];

let keys: MemoryKeys;
let calls: string[];
let runtime: RuntimeOnWindows;

beforeEach(() => {
  keys = new MemoryKeys();
  keys.createKey("web");
  calls = [];
  const step =
    <A>(name: string, of: (argument: A) => unknown = String) =>
    async (argument: A) =>
      void calls.push(`${name} ${of(argument)}`);
  const service = {
    properties: async () => [{ Instances: [{ Id: "web" }, { Id: "other" }] }],
    modify: step("unguard", ({ Settings }: { Settings: { OperationDetails: { Id: string } } }) =>
      String(Settings.OperationDetails.Id),
    ),
  };
  const windows = {
    keys,
    notes: new ContainerNotes(keys),
    networks: { releaseEndpoints: step("network", ({ namespace }: typeof NETWORK) => namespace) },
    owners: {
      end: step("end", ({ id }: typeof VM) => id),
      ask: step("ask", ({ pipe }: typeof VM) => pipe),
    },
    service,
  };
  const layers = { unprepareLayer: step("unprepare"), deactivateLayer: step("deactivate") };
  runtime = { windows, layers } as unknown as RuntimeOnWindows;
});

const note = (value: unknown): boolean =>
  keys.writeValue("web", "resources", { json: JSON.stringify(value) });

test("what is noted is given back once, the newest first, and what is not is no error", async () => {
  await releaseResources(runtime, "web");
  note(WHOLE);
  await releaseResources(runtime, "web");
  await releaseResources(runtime, "web");
  expect([calls, keys.listValues("web")]).toEqual([ALL, []]);
});

test("a VM of another container is asked, not ended", async () => {
  note({ vm: { ...VM, id: "pod@vm", isOwn: false } });
  await releaseResources(runtime, "web");
  expect(calls).toEqual([`ask ${VM.pipe}`]);
});

/** Damaged notes, what is told of them, and what is given back all the same. */
const DAMAGED: [note: unknown, found: string, released: string[]][] = [
  [7, "is no JSON object", []],
  [[], "is an empty array", []],
  [{ ...WHOLE, scratch: "" }, 'scratch is ""', ALL.slice(0, 3)],
  [{ ...WHOLE, scratch: 5 }, "scratch is 5", ALL.slice(0, 3)],
  [{ ...WHOLE, scratch: "layers\\scratch" }, 'scratch is "layers\\\\scratch"', ALL.slice(0, 3)],
  [{ ...WHOLE, credentials: "other" }, 'credentials is "other"', [...ALL.slice(0, 2), ...ALL.slice(3)]],
  [{ ...WHOLE, network: null }, "network is null", [ALL[0] ?? "", ...ALL.slice(2)]],
  [
    { ...WHOLE, network: { ...NETWORK, endpoints: [GUID, 1] } },
    "network.endpoints is an array",
    [ALL[0] ?? "", ...ALL.slice(2)],
  ],
  [
    { ...WHOLE, network: { namespace: "..", endpoints: [] } },
    'network.namespace is "..", network.isOwn is nothing',
    [ALL[0] ?? "", ...ALL.slice(2)],
  ],
  [{ ...WHOLE, vm: { ...VM, id: "other@vm" } }, 'vm.id is "other@vm"', ALL.slice(1)],
  [{ ...WHOLE, vm: { ...VM, isOwn: "true" } }, 'vm.isOwn is "true"', ALL.slice(1)],
  [{ ...WHOLE, vm: { ...VM, pipe: "C:\\file" } }, 'vm.pipe is "C:\\\\file"', ALL.slice(1)],
  [{ ...WHOLE, vm: { ...VM, id: "web", isOwn: false } }, 'vm.id is "web"', ALL.slice(1)],
  [
    { ...WHOLE, vm: { ...VM, pipe: `${OWNER_PIPES}..\\${GUID}` } },
    `vm.pipe is "${OWNER_PIPES.replaceAll("\\", "\\\\")}..\\\\`,
    ALL.slice(1),
  ],
  [{ ...WHOLE, scrtch: SCRATCH }, 'scrtch is "C:\\\\layers\\\\scratch"', ALL],
];

test.each(DAMAGED)("a damaged note is refused before anything is done: %j", async (value, found) => {
  note(value);
  const failure = (await releaseResources(runtime, "web").catch(
    (error: unknown) => error,
  )) as ContainerStateError;
  expect(failure).toBeInstanceOf(ContainerStateError);
  const start =
    'Cannot give back what container "web" holds: value "resources" of memory of "web" is damaged: ';
  expect(failure.message.startsWith(start + found), failure.message).toBe(true);
  expect([failure.code, failure.message.includes("\n"), calls]).toEqual(["STATE_INVALID", false, []]);
  expect(keys.listValues("web")).toEqual(["resources"]);
});

test.each(DAMAGED)(
  "what can be read of a damaged note is given back by force: %j",
  async (value, _, released) => {
    note(value);
    const told: unknown[] = [];
    await releaseResources(runtime, "web", (failure) => void told.push(failure));
    expect([calls, told.length, keys.listValues("web")]).toEqual([released, 1, []]);
  },
);

test("a note that is no JSON is told too", async () => {
  for (const value of [{ json: "{" }, 7, "text"]) {
    keys.writeValue("web", "resources", value);
    await expect(releaseResources(runtime, "web")).rejects.toThrow(/is damaged: is no/);
    const told: unknown[] = [];
    await releaseResources(runtime, "web", (failure) => void told.push(failure));
    expect([calls, told.length, keys.listValues("web")]).toEqual([[], 1, []]);
  }
});
