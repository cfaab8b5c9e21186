// The functions of Windows itself, called for real: only on Windows, or on what passes for it.
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { PlatformError } from "../../src/base/errors.ts";
import { ComputeError } from "../../src/hcs/results.ts";
import { CURRENT_PROCESS } from "../../src/hcs/windows/bindings/kernel32.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { canMapFiles } from "../../src/hcs/windows/guests/can-map-files.ts";
import { GuestPort } from "../../src/hcs/windows/guests/guest-port.ts";
import { serveLinuxGuest } from "../../src/hcs/windows/guests/serve-linux-guest.ts";
import { loadKoffi } from "../../src/hcs/windows/koffi.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf, until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const HKEY_LOCAL_MACHINE = 0xffff_ffff_8000_0002n;
const REG_OPTION_VOLATILE = 1;
const KEY_ALL_ACCESS = 0xf003f;
const REG_BINARY = 3;
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_MORE_DATA = 234;
const ERROR_NO_MORE_ITEMS = 259;
const ERROR_IO_PENDING = 997;
const ERROR_NOT_FOUND = 1168;
const STATUS_CANCELLED = 0xc000_0120;
const FILE_FLAG_OVERLAPPED = 0x4000_0000;
const OVERLAPPED_SIZE = 32;
const FSCTL_PIPE_PEEK = 0x11_400c;
/** Of FILE_PIPE_PEEK_BUFFER without its data. */
const PIPE_PEEK_SIZE = 16;
const ERROR_NOT_ALL_ASSIGNED = 1300;
const ERROR_NO_SUCH_PRIVILEGE = 1313;
const TOKEN_ADJUST_AND_QUERY = 0x28;
const SE_PRIVILEGE_ENABLED = 2;
const GENERIC_READ_WRITE = 0xc000_0000;
const OPEN_EXISTING = 3;
const PIPE_ACCESS_DUPLEX = 3;
const PIPE_TYPE_MESSAGE = 4;
const PROTECTED = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\";
const HRESULT_PATH_NOT_FOUND = 0x80070003;
const AF_INET = 2;

/** A port of this machine that is free, or was a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The address of a port of this machine alone: sockaddr_in. */
function loopback(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  return address;
}

export function describeWin32({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  const open = () => openBindings(double().koffi);

  describe("Windows itself", () => {
    test("loads koffi from the file beside the program or its packages", async () => {
      const koffi = loadKoffi();
      const ticks = koffi.load("kernel32.dll").func("uint64_t GetTickCount64()")() as number;
      expect(ticks).toBeGreaterThan(0);
    });

    test("lacks a library of the compute service here, which is said with its feature", async () => {
      const failure = await failureOf(open().computestorage.HcsDestroyLayer("C:\\x"), PlatformError);
      expect(failure.message).toBe('Cannot call "HcsDestroyLayer": "computestorage.dll" cannot be opened');
      expect(failure.hint).toContain("Containers or Hyper-V");
    });

    test("has sockets that never wait, on which a guest connects once", async () => {
      const { ws2_32 } = open().direct;
      const port = await freePort();
      const guestPort = GuestPort.open(ws2_32, { family: AF_INET, protocol: 0, address: loopback(port) });
      if (guestPort === undefined) throw new Error("no sockets of the network");
      expect(guestPort.look()).toBe("waiting");
      const guest = connect({ port, host: "127.0.0.1" });
      const arrived = new Promise<Buffer>((resolve, reject) =>
        guest.once("data", resolve).once("error", reject),
      );
      await until(() => guestPort.look() === "connected");
      const space = Buffer.alloc(16);
      expect(guestPort.receive(space)).toBe(0);
      guestPort.send(Buffer.from("bytes"));
      expect((await arrived).toString()).toBe("bytes");
      guest.end("log");
      await until(() => guestPort.receive(space) === 3);
      expect(space.subarray(0, 3).toString()).toBe("log");
      await until(() => guestPort.receive(space) === undefined);
      guestPort.close();
      expect(guestPort.look()).toBe("ended");
      const place = { family: AF_INET, protocol: 0, address: Buffer.alloc(3) };
      const bound = Promise.resolve().then(() => GuestPort.open(ws2_32, place));
      expect((await failureOf(bound, ComputeError)).message).toMatch(/^Cannot bind a socket: /);
    });

    test("tells whether files of a folder can be mapped, and which cannot be opened", async () => {
      const { kernel32 } = open();
      expect(await canMapFiles({ kernel32 }, tmpdir(), 19_041)).toBe(true);
      const missing = canMapFiles({ kernel32 }, "C:\\no\\folder", 19_041);
      expect((await failureOf(missing, ComputeError)).message).toMatch(/^Cannot open "C:.no.folder": /);
      expect(await canMapFiles({ kernel32 }, "C:\\no\\folder", 20_348)).toBe(true);
    });

    test("serves a Linux guest over sockets of the hypervisor, where there are some", async () => {
      const { ws2_32 } = open().direct;
      const end = serveLinuxGuest(ws2_32, "01020304-0506-0708-090a-0b0c0d0e0f10");
      end?.();
    });

    test("enables privileges, and tells which do not exist", async () => {
      const { kernel32, advapi32 } = open();
      const { value, out } = await advapi32.OpenProcessToken(CURRENT_PROCESS, TOKEN_ADJUST_AND_QUERY);
      expect(value).toBe(1);
      for (const name of ["SeBackupPrivilege", "SeRestorePrivilege", "SeManageVolumePrivilege"]) {
        const { out: found } = await advapi32.LookupPrivilegeValueW(null, name);
        const state = Buffer.alloc(16);
        state.writeUInt32LE(1, 0);
        state.writeBigUInt64LE(BigInt(found[0]), 4);
        state.writeUInt32LE(SE_PRIVILEGE_ENABLED, 12);
        const adjusted = await advapi32.AdjustTokenPrivileges(out[0], 0, state, 0, null, null);
        expect([adjusted.value, adjusted.lastError === ERROR_NOT_ALL_ASSIGNED]).toEqual([1, false]);
      }
      const unknown = await advapi32.LookupPrivilegeValueW(null, "SeNonsensePrivilege");
      expect([unknown.value, unknown.lastError]).toEqual([0, ERROR_NO_SUCH_PRIVILEGE]);
      expect((await kernel32.CloseHandle(out[0])).value).toBe(1);
    });

    test("keeps values in volatile keys of the registry", async () => {
      const { advapi32 } = open();
      const path = `SOFTWARE\\runhcs-test-${process.pid}`;
      const made = await advapi32.RegCreateKeyExW(
        HKEY_LOCAL_MACHINE,
        path,
        0,
        null,
        REG_OPTION_VOLATILE,
        KEY_ALL_ACCESS,
        null,
      );
      expect([made.value, made.out[1]]).toEqual([0, 1]);
      const key = made.out[0];
      const state = Buffer.from('{"é":1}');
      expect((await advapi32.RegSetValueExW(key, "state", 0, REG_BINARY, state, state.length)).value).toBe(0);
      const size = await advapi32.RegQueryValueExW(key, "state", null, Buffer.alloc(1), 1);
      expect([size.value, size.out]).toEqual([ERROR_MORE_DATA, [REG_BINARY, state.length]]);
      const read = Buffer.alloc(state.length);
      await advapi32.RegQueryValueExW(key, "state", null, read, read.length);
      expect(read.toString()).toBe('{"é":1}');
      const name = Buffer.alloc(512);
      const first = await advapi32.RegEnumValueW(key, 0, name, 256, null, null, null);
      expect(name.toString("utf16le", 0, first.out[0] * 2)).toBe("state");
      expect((await advapi32.RegEnumKeyExW(key, 0, name, 256, null, null, null, null)).value).toBe(
        ERROR_NO_MORE_ITEMS,
      );
      expect((await advapi32.RegDeleteValueW(key, "state")).value).toBe(0);
      expect((await advapi32.RegCloseKey(key)).value).toBe(0);
      expect((await advapi32.RegDeleteTreeW(HKEY_LOCAL_MACHINE, path)).value).toBe(0);
      const gone = await advapi32.RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_ALL_ACCESS);
      expect(gone.value).toBe(ERROR_FILE_NOT_FOUND);
    });

    for (const [kind, mode] of [
      ["bytes", 0],
      ["messages", PIPE_TYPE_MESSAGE | 2],
    ] as const) {
      test(`carries ${kind} over a pipe for administrators, to Node and back`, async () => {
        const { kernel32 } = open();
        const name = `${PROTECTED}runhcs-${kind}-${process.pid}`;
        const pipe = await kernel32.CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, mode, 1, 4096, 4096, 0, null);
        expect([pipe.handle === null, pipe.lastError]).toEqual([false, 0]);
        const client = connect(name, () => client.write("to the server"));
        const received = new Promise<string>((resolve) =>
          client.once("data", (data) => resolve(String(data))),
        );
        await kernel32.ConnectNamedPipe(pipe.handle, null);
        const buffer = Buffer.alloc(64);
        const { value, out } = await kernel32.ReadFile(pipe.handle, buffer, buffer.length, null);
        expect([value, buffer.toString("latin1", 0, out[0])]).toEqual([1, "to the server"]);
        const written = await kernel32.WriteFile(pipe.handle, Buffer.from("to Node"), 7, null);
        expect([written.value, written.out]).toEqual([1, [7]]);
        expect(await received).toBe("to Node");
        client.destroy();
        expect((await kernel32.CloseHandle(pipe.handle)).value).toBe(1);
      });
    }

    test("finds pipes, looks into them, gives waits up and sends clients away", async () => {
      const { direct, kernel32 } = open();
      const name = `${PROTECTED}runhcs-look-${process.pid}`;
      const absent = await kernel32.WaitNamedPipeW(name, 10);
      expect([absent.value, absent.lastError]).toEqual([0, ERROR_FILE_NOT_FOUND]);
      const mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
      const { handle } = direct.kernel32.CreateNamedPipeW(name, mode, 0, 1, 4096, 4096, 0, null);
      expect((await kernel32.WaitNamedPipeW(name, 1000)).value).toBe(1);
      const overlapped = Buffer.alloc(OVERLAPPED_SIZE);
      const waits = direct.kernel32.ConnectNamedPipe(handle, overlapped);
      expect([waits.value, waits.lastError]).toEqual([0, ERROR_IO_PENDING]);
      expect(direct.kernel32.CancelIoEx(handle, overlapped).value).toBe(1);
      await until(() => overlapped.readUInt32LE(0) === STATUS_CANCELLED);
      const nothing = direct.kernel32.CancelIoEx(handle, overlapped);
      expect([nothing.value, nothing.lastError]).toEqual([0, ERROR_NOT_FOUND]);
      const client = connect(name, () => client.write("to look at"));
      const closed = new Promise((resolve) => client.once("close", resolve));
      client.on("error", () => undefined);
      const seen = Buffer.alloc(64);
      const look = () => direct.kernel32.PeekNamedPipe(handle, seen, 64);
      await until(() => look().out[1] > 0);
      expect([...look().out.slice(0, 2), seen.toString("latin1", 0, 10)]).toEqual([10, 10, "to look at"]);
      const answer = Buffer.alloc(PIPE_PEEK_SIZE + 64);
      const peek = direct.kernel32.DeviceIoControl(
        handle,
        FSCTL_PIPE_PEEK,
        null,
        0,
        answer,
        answer.length,
        null,
      );
      expect([peek.value, peek.out, answer.toString("latin1", PIPE_PEEK_SIZE, PIPE_PEEK_SIZE + 10)]).toEqual([
        1,
        [PIPE_PEEK_SIZE + 10],
        "to look at",
      ]);
      expect(direct.kernel32.DisconnectNamedPipe(handle).value).toBe(1);
      await closed;
      const gone = direct.kernel32.PeekNamedPipe(handle, null, 0);
      expect([gone.value, gone.lastError > 0]).toEqual([0, true]);
      expect(direct.kernel32.CloseHandle(handle).value).toBe(1);
    });

    test("tells why a handle could not be opened", async () => {
      const { kernel32 } = open();
      const missing = await kernel32.CreateFileW(
        "C:\\nothing\\here",
        GENERIC_READ_WRITE,
        7,
        null,
        OPEN_EXISTING,
        0,
        null,
      );
      expect([missing.handle, missing.lastError]).toEqual([null, HRESULT_PATH_NOT_FOUND & 0xffff]);
    });

    test("tells its processors, volumes and free space", async () => {
      const { kernel32 } = open();
      expect((await kernel32.GetActiveProcessorCount(0xffff)).value).toBeGreaterThan(0);
      const name = Buffer.alloc(128);
      const { value } = await kernel32.GetVolumeNameForVolumeMountPointW("C:\\", name, 64);
      expect(value).toBe(1);
      expect(name.toString("utf16le")).toMatch(/^\\\\\?\\Volume\{/);
      const { out } = await kernel32.GetDiskFreeSpaceExW("C:\\");
      expect(out[1]).toBeGreaterThan(0);
      const mounted = await kernel32.SetVolumeMountPointW("C:\\nothing\\", name.toString("utf16le", 0, 98));
      expect(mounted.value).toBe(0);
      const unmounted = await kernel32.DeleteVolumeMountPointW("C:\\nothing\\");
      // Wine refuses both without saying why.
      expect(unmounted.value).toBe(0);
    });
  });
}
