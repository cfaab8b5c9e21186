import type { Sockets } from "../../../../../src/hcs/windows/guests/sockets.ts";

const WSAEWOULDBLOCK = 10_035;
const WSAECONNRESET = 10_054;

interface Connection {
  readonly handle: bigint;
  /** What the host has sent. */
  readonly sent: Buffer[];
  /** What the guest has sent and the host has not read; null ends the stream, an error breaks it. */
  readonly arriving: (Buffer | null | "reset")[];
}

/** Sockets as Windows has them, with the guest's side in the hands of a test. */
export class FewSockets {
  /** Handles that are open. */
  readonly open = new Set<bigint>();
  /** Handles of the sockets that listen, by their address in hexadecimal digits. */
  readonly listening = new Map<string, bigint>();
  /** The functions that fail, and with which error. */
  readonly failing = new Map<keyof Sockets, number>();
  readonly #neverWait = new Set<bigint>();
  readonly #waiting = new Map<bigint, Connection[]>();
  readonly #connections = new Map<bigint, Connection>();
  #last = 0n;

  /** A guest connects to an address. */
  connect(address: string): Connection {
    const listener = this.listening.get(address);
    if (listener === undefined || !this.open.has(listener)) throw new Error(`nobody listens at ${address}`);
    const connection: Connection = { handle: this.#make(), sent: [], arriving: [] };
    this.#connections.set(connection.handle, connection);
    this.#waiting.get(listener)?.push(connection);
    return connection;
  }

  readonly calls: Sockets = {
    WSAStartup: () => this.#result("WSAStartup", () => 0),
    socket: () => this.#handle("socket", () => this.#make()),
    ioctlsocket: (socket, command, argument) =>
      this.#result("ioctlsocket", () => {
        if (command === 0x8004667e && argument?.[0] === 1 && socket !== null) this.#neverWait.add(socket);
        return 0;
      }),
    bind: (socket, address) =>
      this.#result("bind", () => {
        if (socket !== null) this.listening.set(Buffer.from(address ?? []).toString("hex"), socket);
        return 0;
      }),
    listen: (socket) =>
      this.#result("listen", () => {
        if (socket !== null) this.#waiting.set(socket, []);
        return 0;
      }),
    accept: (socket) => {
      if (socket === null || !this.#neverWait.has(socket)) throw new Error("the call would never return");
      const connection = this.#waiting.get(socket)?.shift();
      if (connection === undefined) return { value: 0, handle: null, lastError: WSAEWOULDBLOCK, out: [] };
      return { value: 0, handle: connection.handle, lastError: 0, out: [] };
    },
    send: (socket, bytes) =>
      this.#result("send", () => {
        const copy = Buffer.from(bytes ?? []);
        if (socket !== null) this.#connections.get(socket)?.sent.push(copy);
        return copy.length;
      }),
    recv: (socket, into) => {
      const chunk = this.#connections.get(socket ?? 0n)?.arriving.shift();
      if (chunk === undefined) return failed(WSAEWOULDBLOCK);
      if (chunk === "reset") return failed(WSAECONNRESET);
      if (chunk !== null) into?.set(chunk);
      return { value: chunk?.length ?? 0, handle: null, lastError: 0, out: [] };
    },
    closesocket: (socket) =>
      this.#result("closesocket", () => {
        if (socket === null || !this.open.delete(socket)) throw new Error("closed twice");
        return 0;
      }),
  };

  #make(): bigint {
    this.#last += 4n;
    this.open.add(this.#last);
    return this.#last;
  }

  #result(name: keyof Sockets, run: () => number): ReturnType<Sockets["send"]> {
    const error = this.failing.get(name);
    if (error !== undefined) return name === "WSAStartup" ? { ...failed(0), value: error } : failed(error);
    return { value: run(), handle: null, lastError: 0, out: [] };
  }

  #handle(name: keyof Sockets, make: () => bigint): ReturnType<Sockets["socket"]> {
    const error = this.failing.get(name);
    if (error !== undefined) return { value: 0, handle: null, lastError: error, out: [] };
    return { value: 0, handle: make(), lastError: 0, out: [] };
  }
}

function failed(lastError: number): ReturnType<Sockets["send"]> {
  return { value: 0xffff_ffff, handle: null, lastError, out: [] };
}
