/**
 * ws2_32.dll: sockets, of which Node has those of the network only, and none of the hypervisor.
 *
 * FFI: a socket belongs to the caller until closesocket. All of these are called on the main thread, because none
 * waits: a socket is told not to (FIONBIO) before it is used. The last error of the thread is that of the sockets.
 */
import { count, handle, u32 } from "./signature.ts";

/** The table of ws2_32.dll. */
export const WS2_32 = {
  file: "ws2_32.dll",
  feature: "Windows",
  functions: {
    // FFI: fills WSADATA, of which at most 408 bytes; may be called again and again. Gives its error itself.
    WSAStartup: u32("u32", "buffer"),
    socket: handle("u32", "u32", "u32"),
    ioctlsocket: count("handle", "u32", "buffer"),
    bind: count("handle", "buffer", "u32"),
    listen: count("handle", "u32"),
    // The address of the other side is not asked for: both buffers are null.
    accept: handle("handle", "buffer", "buffer"),
    send: count("handle", "buffer", "u32", "u32"),
    recv: count("handle", "buffer", "u32", "u32"),
    closesocket: count("handle"),
  },
  since: {},
} as const;
