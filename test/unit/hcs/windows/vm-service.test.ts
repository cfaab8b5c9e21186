import { expect, test } from "vitest";
import { ComputeError } from "../../../../src/hcs/results.ts";
import type { Bindings } from "../../../../src/hcs/windows/bindings/open-bindings.ts";
import type { HcsService } from "../../../../src/hcs/windows/compute-service.ts";
import { readTimeouts } from "../../../../src/hcs/windows/timeouts.ts";
import { HcsVmService } from "../../../../src/hcs/windows/vm-service.ts";
import type { GuestConnection } from "../../../../src/schema/hcs.ts";
import { FewSockets } from "./guests/few-sockets.ts";

/** A service whose VM has an id of the hypervisor, and the sockets of its host. */
function vmsOf(sockets: FewSockets, runtimeId: string) {
  const calls: string[] = [];
  let end = (): void => undefined;
  const system = {
    runtimeId,
    wait: () => new Promise<void>((resolve) => (end = resolve)),
    terminate: async () => void calls.push("terminate"),
    close: async () => void calls.push("close"),
  };
  const service = { createSystem: async () => system } as unknown as HcsService;
  const bindings = { direct: { ws2_32: sockets.calls } } as unknown as Bindings;
  const vms = new HcsVmService(service, bindings, readTimeouts({}), 20_348);
  const create = (connection?: GuestConnection) =>
    vms.createVm("vm", {
      VirtualMachine: connection === undefined ? {} : { GuestConnection: connection },
    });
  return { create, calls, end: () => end() };
}

const VM = "01020304-0506-0708-090a-0b0c0d0e0f10";

test("a Linux guest finds its host at two ports from the time when its VM is there, until that has ended", async () => {
  const sockets = new FewSockets();
  const vms = vmsOf(sockets, VM);
  await vms.create({ UseVsock: true, UseConnectedSuspend: true });
  expect([sockets.listening.size, sockets.open.size]).toEqual([2, 2]);
  vms.end();
  await new Promise(setImmediate);
  expect(sockets.open.size).toBe(0);
});

test("other VMs need none", async () => {
  const sockets = new FewSockets();
  await vmsOf(sockets, VM).create({});
  await vmsOf(sockets, VM).create();
  await vmsOf(sockets, "").create({ UseVsock: true });
  expect(sockets.listening.size).toBe(0);
});

test("a VM whose guest cannot be served is ended", async () => {
  const sockets = new FewSockets();
  sockets.failing.set("bind", 10_013);
  const vms = vmsOf(sockets, VM);
  await expect(vms.create({ UseVsock: true })).rejects.toBeInstanceOf(ComputeError);
  expect([vms.calls, sockets.open.size]).toEqual([["terminate", "close"], 0]);
});
