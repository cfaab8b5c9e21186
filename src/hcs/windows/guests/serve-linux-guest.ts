import { randomBytes } from "node:crypto";
import { ENTROPY_PORT, LOG_PORT } from "../../vm-limits.ts";
import { GuestPort } from "./guest-port.ts";
import { HYPERVISOR_FAMILY, HYPERVISOR_PROTOCOL, hypervisorAddress } from "./hypervisor-address.ts";
import type { Sockets } from "./sockets.ts";

/** How many random bytes a guest gets. */
const ENTROPY_BYTES = 512;

const LOG_BYTES = 64 * 1024;

/** How long to wait before looking again, in milliseconds: while the guest boots, and once its log flows. */
const BOOTING_MS = 20;
const RUNNING_MS = 100;

/**
 * Serves what a Linux guest wants of its host before its agent runs: random bytes, for which its init waits, and
 * someone who takes its log. The log is read so that the guest never waits with it, and goes nowhere.
 *
 * @param vmId GUID by which the hypervisor knows the VM
 * @returns what ends it; undefined if the host has no sockets of the hypervisor
 * @throws {ComputeError} with nothing left open
 */
export function serveLinuxGuest(sockets: Sockets, vmId: string): (() => void) | undefined {
  const entropy = openPort(sockets, vmId, ENTROPY_PORT);
  if (entropy === undefined) return undefined;
  let log: GuestPort | undefined;
  try {
    log = openPort(sockets, vmId, LOG_PORT);
  } finally {
    if (log === undefined) entropy.close();
  }
  return log === undefined ? undefined : serve(entropy, log);
}

function openPort(sockets: Sockets, vmId: string, port: number): GuestPort | undefined {
  const address = hypervisorAddress(vmId, port);
  return GuestPort.open(sockets, { family: HYPERVISOR_FAMILY, protocol: HYPERVISOR_PROTOCOL, address });
}

function serve(entropy: GuestPort, log: GuestPort): () => void {
  const space = Buffer.alloc(LOG_BYTES);
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    feed(entropy);
    timer = setTimeout(look, drain(log, space) ? RUNNING_MS : BOOTING_MS).unref();
  };
  look();
  return () => {
    clearTimeout(timer);
    entropy.close();
    log.close();
  };
}

/** Init reads to the end, so the connection ends behind the bytes. */
function feed(entropy: GuestPort): void {
  if (entropy.look() !== "connected") return;
  entropy.send(randomBytes(ENTROPY_BYTES));
  entropy.close();
}

/** @returns whether the guest has connected, now or earlier */
function drain(log: GuestPort, space: Uint8Array): boolean {
  if (log.look() === "waiting") return false;
  let length = log.receive(space);
  while (length !== undefined && length > 0) length = log.receive(space);
  if (length === undefined) log.close();
  return true;
}
