import { listenOn, SOCKET_ERROR, WSAEWOULDBLOCK, type SocketPlace, type Sockets } from "./sockets.ts";

/** A port of the host to which a guest connects once. Nothing here waits: whoever uses it looks again later. */
export class GuestPort {
  readonly #sockets: Sockets;
  #listener: bigint | undefined;
  #connection: bigint | undefined;

  private constructor(sockets: Sockets, listener: bigint) {
    this.#sockets = sockets;
    this.#listener = listener;
  }

  /** Begins to listen. @returns undefined if the host has no such sockets @throws {ComputeError} */
  static open(sockets: Sockets, place: SocketPlace): GuestPort | undefined {
    const listener = listenOn(sockets, place);
    return listener === undefined ? undefined : new GuestPort(sockets, listener);
  }

  /** Lets the guest in if it has come. */
  look(): "waiting" | "connected" | "ended" {
    if (this.#connection !== undefined) return "connected";
    if (this.#listener === undefined) return "ended";
    const { handle } = this.#sockets.accept(this.#listener, null, null);
    if (handle === null) return "waiting";
    // FFI: it never waits either, as it takes that from the socket that listens.
    this.#connection = handle;
    this.#sockets.closesocket(this.#listener);
    this.#listener = undefined;
    return "connected";
  }

  /** Sends bytes to the guest, which are few enough for the socket to take at once. */
  send(bytes: Uint8Array): void {
    if (this.#connection !== undefined) this.#sockets.send(this.#connection, bytes, bytes.length, 0);
  }

  /** Reads what the guest has sent. @returns how many bytes; 0 if there are none yet, undefined if none will come */
  receive(into: Uint8Array): number | undefined {
    if (this.#connection === undefined) return undefined;
    const { value, lastError } = this.#sockets.recv(this.#connection, into, into.length, 0);
    if (value === SOCKET_ERROR) return lastError === WSAEWOULDBLOCK ? 0 : undefined;
    return value === 0 ? undefined : value;
  }

  /** Ends the connection and the listening; a second call does nothing. */
  close(): void {
    for (const socket of [this.#listener, this.#connection])
      if (socket !== undefined) this.#sockets.closesocket(socket);
    this.#listener = undefined;
    this.#connection = undefined;
  }
}
