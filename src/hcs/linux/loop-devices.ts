/**
 * Loop devices of the host: files that the kernel shows as disks.
 *
 * Every device is attached with the autoclear flag, so the kernel detaches it when nobody has it open or mounted any
 * more, whatever becomes of this process.
 *
 * @see https://man7.org/linux/man-pages/man4/loop.4.html
 * @see https://github.com/torvalds/linux/blob/master/include/uapi/linux/loop.h
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  statSync,
  type BigIntStats,
} from "node:fs";
import { errnoCode } from "../../base/errors.ts";
import { ifExists } from "../../base/files.ts";
import type { Libc } from "./libc.ts";
import type { AttachedFile, AttachOptions } from "./machine.ts";

const LOOP_SET_FD = 0x4c00;
const LOOP_CLR_FD = 0x4c01;
const LOOP_SET_STATUS64 = 0x4c04;
const LOOP_GET_STATUS64 = 0x4c05;
const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;
const FLAG_READ_ONLY = 1;
const FLAG_AUTOCLEAR = 4;

/** Offsets in struct loop_info64, in bytes. */
const INFO = { device: 0, inode: 8, offset: 24, sizeLimit: 32, flags: 52, size: 232 } as const;
/** Offsets in struct loop_config, in bytes. */
const CONFIG = { fd: 0, blockSize: 4, info: 8, size: 304 } as const;

/** How often another free device is asked for after somebody else was faster. */
const ATTEMPTS = 100;

/** How often, and how many times, it is looked whether another call has attached the same file. */
const GUARD_POLL_MS = 2;
const GUARD_POLLS = 500;

/** Which file, and how much of it, a device shows. */
interface Backing {
  device: bigint;
  inode: bigint;
  sizeLimit: bigint;
  readOnly: boolean;
}

/** Attaches a file as `MachineMounts.attachFile` says. @throws {Error} with the kernel's name of its refusal in `code` */
export async function attachFile(
  libc: Libc,
  path: string,
  { readOnly, size }: AttachOptions,
): Promise<AttachedFile> {
  const file = openSync(path, readOnly ? constants.O_RDONLY : constants.O_RDWR);
  try {
    const backing = { ...identityOf(file), sizeLimit: BigInt(size ?? 0), readOnly };
    if (readOnly) return await attachShared(libc, path, { file, backing });
    // The device keeps the open file and with it this lock, so that nobody attaches the file a second time.
    if (!libc.tryLock(file) || isAttached(libc, path)) throw busy(path);
    return newDevice(libc, file, backing);
  } finally {
    closeSync(file);
  }
}

/** Of two callers that find no device at the same time, the second has to find that of the first. */
async function attachShared(
  libc: Libc,
  path: string,
  { file, backing }: { file: number; backing: Backing },
): Promise<AttachedFile> {
  const guard = openSync(path, constants.O_RDONLY);
  try {
    // Whoever may read the file can hold its lock; two devices for one file are then the lesser evil.
    for (let poll = 0; poll < GUARD_POLLS && !libc.tryLock(guard); poll++)
      await new Promise((resolve) => setTimeout(resolve, GUARD_POLL_MS));
    return findDevice(libc, (found) => isEqual(found, backing)) ?? newDevice(libc, file, backing);
  } finally {
    closeSync(guard);
  }
}

/** Whether a file is attached to any loop device. */
export function isAttached(libc: Libc, path: string): boolean {
  const stats = lookAt(path);
  if (stats === undefined) return false;
  const found = findDevice(libc, ({ device, inode }) => device === stats.dev && inode === stats.ino);
  void found?.release();
  return found !== undefined;
}

/** A file whose file system has died, as one that a daemon shows, is as good as absent. */
function lookAt(path: string): BigIntStats | undefined {
  try {
    return ifExists(() => statSync(path, { bigint: true }));
  } catch (error) {
    if (errnoCode(error) === "ENOTCONN") return undefined;
    throw error;
  }
}

function busy(path: string): Error {
  return Object.assign(new Error(`attach "${path}": EBUSY`), { code: "EBUSY" });
}

function identityOf(fd: number): Pick<Backing, "device" | "inode"> {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return { device: dev, inode: ino };
}

function isEqual(found: Backing, wanted: Backing): boolean {
  return (
    found.device === wanted.device &&
    found.inode === wanted.inode &&
    found.sizeLimit === wanted.sizeLimit &&
    found.readOnly === wanted.readOnly
  );
}

/** Looks through the devices in use. One that is held open here cannot be detached meanwhile. */
function findDevice(libc: Libc, isWanted: (found: Backing) => boolean): AttachedFile | undefined {
  for (const name of readdirSync("/sys/block")) {
    if (!name.startsWith("loop") || !existsSync(`/sys/block/${name}/loop`)) continue;
    const fd = openDevice(`/dev/${name}`, constants.O_RDONLY);
    if (fd === undefined) continue;
    const backing = backingOf(libc, fd);
    if (backing !== undefined && isWanted(backing)) return held(`/dev/${name}`, fd);
    closeSync(fd);
  }
  return undefined;
}

function held(device: string, fd: number): AttachedFile {
  return { device, release: async () => closeSync(fd) };
}

/** @returns undefined if nothing, or something at an offset, is attached */
function backingOf(libc: Libc, fd: number): Backing | undefined {
  const info = Buffer.alloc(INFO.size);
  try {
    libc.ioctl(fd, LOOP_GET_STATUS64, info);
  } catch (error) {
    if (errnoCode(error) === "ENXIO") return undefined;
    throw error;
  }
  if (info.readBigUInt64LE(INFO.offset) !== 0n) return undefined;
  return {
    device: info.readBigUInt64LE(INFO.device),
    inode: info.readBigUInt64LE(INFO.inode),
    sizeLimit: info.readBigUInt64LE(INFO.sizeLimit),
    readOnly: (info.readUInt32LE(INFO.flags) & FLAG_READ_ONLY) !== 0,
  };
}

/** @returns undefined if the device is being detached, or there is no such file */
function openDevice(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENXIO" || code === "ENODEV" || code === "ENOENT" || code === "EBUSY") return undefined;
    throw error;
  }
}

/** Between being told of a free device and taking it, another process may take it. */
function newDevice(libc: Libc, file: number, backing: Backing): AttachedFile {
  const control = openSync("/dev/loop-control", constants.O_RDWR);
  try {
    let refusal: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const device = `/dev/loop${libc.ioctl(control, LOOP_CTL_GET_FREE, 0)}`;
      const fd = openDevice(device, backing.readOnly ? constants.O_RDONLY : constants.O_RDWR);
      if (fd === undefined) continue;
      try {
        configure(libc, fd, file, infoOf(backing));
        return held(device, fd);
      } catch (error) {
        closeSync(fd);
        if (errnoCode(error) !== "EBUSY") throw error;
        refusal = error;
      }
    }
    throw refusal ?? busy("a loop device");
  } finally {
    closeSync(control);
  }
}

function infoOf({ sizeLimit, readOnly }: Backing): Buffer {
  const info = Buffer.alloc(INFO.size);
  info.writeBigUInt64LE(sizeLimit, INFO.sizeLimit);
  info.writeUInt32LE(FLAG_AUTOCLEAR | (readOnly ? FLAG_READ_ONLY : 0), INFO.flags);
  return info;
}

function configure(libc: Libc, device: number, file: number, info: Buffer): void {
  const config = Buffer.alloc(CONFIG.size);
  config.writeUInt32LE(file, CONFIG.fd);
  info.copy(config, CONFIG.info);
  try {
    libc.ioctl(device, LOOP_CONFIGURE, config);
  } catch (error) {
    const code = errnoCode(error);
    // The kernel learnt this call in 5.8.
    if (code !== "EINVAL" && code !== "ENOTTY") throw error;
    configureInSteps(libc, device, file, info);
  }
}

/** Attaches a file to a free device as kernels before 5.8 can. @throws {Error} as `attachFile` */
export function configureInSteps(libc: Libc, device: number, file: number, info: Uint8Array): void {
  libc.ioctl(device, LOOP_SET_FD, file);
  try {
    libc.ioctl(device, LOOP_SET_STATUS64, info);
  } catch (error) {
    libc.ioctl(device, LOOP_CLR_FD, 0);
    throw error;
  }
}
