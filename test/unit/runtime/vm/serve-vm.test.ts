import { beforeEach, expect, test } from "vitest";
import { ComputeError } from "../../../../src/hcs/results.ts";
import { linuxVmOptions } from "../../../../src/oci/documents/vm/linux-vm-options.ts";
import { serveVm } from "../../../../src/runtime/vm/serve-vm.ts";
import type { RuntimeOnWindows } from "../../../../src/runtime/windows-container/runtime-on-windows.ts";
import { ContainerNotes } from "../../../../src/state/container-notes.ts";
import { MemoryKeys } from "../../../support/memory-keys.ts";
import { FarSide } from "../../uvm/far-side.ts";

const OPTIONS = linuxVmOptions(
  { ociVersion: "1.0.2" },
  { id: "web@vm", owner: "tester" },
  { folder: "C:\\boot", has: () => true },
  { osBuild: 20_348 },
);

/** The VM as its owner leaves it: notes each call, with what is noted of its container then. */
class OwnedSide extends FarSide {
  noted: string[] = [];
  readonly #note: () => unknown;

  constructor(note: () => unknown) {
    super();
    this.#note = note;
  }

  override readonly id = "web@vm";

  override async start(): Promise<void> {
    this.noted.push(`start ${String(this.#note())}`);
    await super.start();
  }

  override async wait(): Promise<void> {
    this.noted.push(`wait ${String(this.#note())}`);
    await super.wait();
  }
}

let keys: MemoryKeys;
let far: OwnedSide;
let served: string[];

beforeEach(() => {
  keys = new MemoryKeys();
  keys.createKey("web");
  far = new OwnedSide(() => keys.readValue("web", "vm-runtime-id"));
  served = [];
});

function serve(isHeard = true): Promise<number> {
  const owners = {
    readOptions: () => JSON.stringify(OPTIONS),
    claim: async () => ({ release: () => undefined }),
    serve: async () => ({ close: () => void served.push("close") }),
    tell: (failure?: unknown) => (served.push(failure === undefined ? "works" : String(failure)), isHeard),
  };
  const windows = { owners, vms: far, notes: new ContainerNotes(keys), osBuild: 20_348, processors: 4 };
  return serveVm({ windows } as unknown as RuntimeOnWindows, "pipe");
}

const noted = (): unknown => keys.readValue("web", "vm-runtime-id");

test("the GUID of a VM is noted from before it boots until it has ended", async () => {
  expect(await serve()).toBe(0);
  expect([far.noted[0], far.noted[1], noted()]).toEqual([
    `start ${far.runtimeId}`,
    `wait ${far.runtimeId}`,
    undefined,
  ]);
  expect([served, far.calls.at(-1)]).toEqual([["works", "close"], "close"]);
});

test("a VM whose handle cannot be closed has ended all the same", async () => {
  const calls = ["create", "start", "wait", "terminate", "wait", "close"];
  far.fail(calls.length);
  expect([await serve(), noted()]).toEqual([0, undefined]);
  expect(far.calls.map((call) => String(call).split(" ")[0])).toEqual(calls);
});

test("a VM that ends unasked stays noted, and what its end was is told beside a failure to close it", async () => {
  far.fail(3, 6);
  const failure = await serve().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ComputeError);
  expect([(failure as ComputeError).suppressed.length, noted()]).toEqual([1, far.runtimeId]);
});

test("a VM that nobody wants any more is ended, and serves nobody", async () => {
  expect(await serve(false)).toBe(1);
  expect([served, far.calls.at(-1), noted()]).toEqual([["works", "close"], "close", undefined]);
});

test("a VM whose container has been deleted meanwhile is not booted", async () => {
  keys.removeKey("web");
  expect(await serve()).toBe(1);
  expect([far.calls.includes("start"), far.calls.at(-1)]).toEqual([false, "close"]);
  expect(served[0]).toMatch(/does not exist/);
});
