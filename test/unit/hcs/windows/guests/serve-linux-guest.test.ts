import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ComputeError } from "../../../../../src/hcs/results.ts";
import { serveLinuxGuest } from "../../../../../src/hcs/windows/guests/serve-linux-guest.ts";
import { FewSockets } from "./few-sockets.ts";

const VM = "01020304-0506-0708-090a-0b0c0d0e0f10";
/** SOCKADDR_HV: the family, two bytes of 0, the VM, and the service that stands for a port. */
const VM_PART = "220000000403020106050807090a0b0c0d0e0f10";
const SERVICE_PART = "cbfae611bd5864006a7986d3";
const ENTROPY = `${VM_PART}01000000${SERVICE_PART}`;
const LOG = `${VM_PART}6d000000${SERVICE_PART}`;

let sockets: FewSockets;
beforeEach(() => {
  vi.useFakeTimers();
  sockets = new FewSockets();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a guest gets 512 random bytes, once, and then the end of the stream", () => {
  serveLinuxGuest(sockets.calls, VM);
  vi.advanceTimersByTime(1000);
  const guest = sockets.connect(ENTROPY);
  vi.advanceTimersByTime(1000);
  expect(guest.sent).toHaveLength(1);
  expect(new Set(guest.sent[0]).size).toBeGreaterThan(100);
  expect(guest.sent[0]).toHaveLength(512);
  expect(sockets.open.has(guest.handle)).toBe(false);
  expect(() => sockets.connect(ENTROPY)).toThrow("nobody listens");
});

test("two guests get different bytes", () => {
  serveLinuxGuest(sockets.calls, VM);
  const first = sockets.connect(ENTROPY);
  const other = new FewSockets();
  serveLinuxGuest(other.calls, VM);
  const second = other.connect(ENTROPY);
  vi.advanceTimersByTime(100);
  expect(first.sent[0]?.equals(second.sent[0] ?? Buffer.alloc(0))).toBe(false);
});

test.each([["ends", null] as const, ["breaks", "reset"] as const])(
  "the log of a guest is taken as it comes, until it %s",
  (_, end) => {
    serveLinuxGuest(sockets.calls, VM);
    const guest = sockets.connect(LOG);
    guest.arriving.push(Buffer.from("{}\n"), Buffer.from("{}\n"));
    vi.advanceTimersByTime(200);
    expect(guest.arriving).toEqual([]);
    guest.arriving.push(Buffer.from("later"));
    vi.advanceTimersByTime(200);
    expect(guest.arriving).toEqual([]);
    expect(sockets.open.has(guest.handle)).toBe(true);
    guest.arriving.push(end);
    vi.advanceTimersByTime(200);
    expect(sockets.open.has(guest.handle)).toBe(false);
  },
);

test("nothing is left open when the VM has ended, whatever has connected", () => {
  for (const connected of [[], [ENTROPY], [LOG], [ENTROPY, LOG]]) {
    const end = serveLinuxGuest(sockets.calls, VM);
    for (const address of connected) sockets.connect(address);
    vi.advanceTimersByTime(100);
    end?.();
    expect([connected, sockets.open.size]).toEqual([connected, 0]);
    expect(vi.getTimerCount()).toBe(0);
  }
});

describe("a host", () => {
  test("without sockets of the hypervisor serves none", () => {
    sockets.failing.set("socket", 10_047);
    expect(serveLinuxGuest(sockets.calls, VM)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(["WSAStartup", "socket", "ioctlsocket", "bind", "listen"] as const)(
    "on which %s fails tells the error, and leaves nothing open",
    (name) => {
      sockets.failing.set(name, 10_013);
      const attempt = (): unknown => serveLinuxGuest(sockets.calls, VM);
      expect(attempt).toThrow(ComputeError);
      expect(attempt).toThrow(/^Cannot .*socket/);
      expect([sockets.open.size, vi.getTimerCount()]).toEqual([0, 0]);
    },
  );

  test("on which the second port is taken gives back the first", () => {
    const { bind } = sockets.calls;
    let bound = 0;
    const calls = {
      ...sockets.calls,
      bind: (...args: Parameters<typeof bind>) => {
        bound += 1;
        if (bound === 2) sockets.failing.set("bind", 10_048);
        return bind(...args);
      },
    };
    expect(() => serveLinuxGuest(calls, VM)).toThrow(ComputeError);
    expect(sockets.open.size).toBe(0);
  });
});
