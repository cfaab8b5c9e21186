import type { Bindings } from "../bindings/open-bindings.ts";
import { systemFailure } from "../system-failure.ts";

/** The functions of Windows for sockets. */
export type Sockets = Bindings["direct"]["ws2_32"];

/** Where a socket listens. */
export interface SocketPlace {
  family: number;
  protocol: number;
  /** The address as the family writes it. */
  address: Uint8Array;
}

/** Version 2.2, the newest there is. */
const VERSION = 0x0202;
const WSADATA_SIZE = 408;
const SOCK_STREAM = 1;
const FIONBIO = 0x8004_667e;

/** What a function of sockets returns when it has failed. */
export const SOCKET_ERROR = 0xffff_ffff;

/** Nothing is there yet. */
export const WSAEWOULDBLOCK = 10_035;

/** The host has no sockets of the family. */
const WSAEAFNOSUPPORT = 10_047;

/**
 * Opens a socket on which one other side can connect, and which never waits.
 *
 * @returns undefined if the host has no sockets of this family
 * @throws {ComputeError} with the error of Windows
 */
export function listenOn(sockets: Sockets, { family, protocol, address }: SocketPlace): bigint | undefined {
  const started = sockets.WSAStartup(VERSION, Buffer.alloc(WSADATA_SIZE)).value;
  if (started !== 0) throw systemFailure("use sockets", started);
  const { handle, lastError } = sockets.socket(family, SOCK_STREAM, protocol);
  if (handle === null && lastError === WSAEAFNOSUPPORT) return undefined;
  if (handle === null) throw systemFailure("make a socket", lastError);
  try {
    requireDone("change a socket", sockets.ioctlsocket(handle, FIONBIO, Buffer.from([1, 0, 0, 0])));
    requireDone("bind a socket", sockets.bind(handle, address, address.length));
    requireDone("listen on a socket", sockets.listen(handle, 1));
    return handle;
  } catch (error) {
    sockets.closesocket(handle);
    throw error;
  }
}

function requireDone(what: string, { value, lastError }: { value: number; lastError: number }): void {
  if (value === SOCKET_ERROR) throw systemFailure(what, lastError);
}
