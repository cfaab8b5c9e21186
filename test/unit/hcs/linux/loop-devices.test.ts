import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLibc, type Libc } from "../../../../src/hcs/linux/libc.ts";
import { attachFile, isAttached } from "../../../../src/hcs/linux/loop-devices.ts";

const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;

const libc = openLibc();
let folder: string;
let file: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-loop-"));
  file = join(folder, "disk");
  fs.writeFileSync(file, Buffer.alloc(8192 + 512, "x"));
});
afterEach(() => {
  expect(isAttached(libc, file)).toBe(false);
  fs.rmSync(folder, { recursive: true });
});

/** What the kernel says of a device. */
function told(device: string, name: string): string {
  return fs.readFileSync(join("/sys/block", basename(device), name), "utf8").trim();
}

/** The C library with another answer to one ioctl. */
function answering(request: number, answer: (real: () => number) => number): Libc {
  return {
    ...libc,
    ioctl: (fd, asked, argument) =>
      asked === request ? answer(() => libc.ioctl(fd, asked, argument)) : libc.ioctl(fd, asked, argument),
  };
}

function refusal(code: string): never {
  throw Object.assign(new Error(code), { code });
}

test("a read-only device is shared by all who ask for the same part of a file, and detached after the last", async () => {
  const first = await attachFile(libc, file, { readOnly: true, size: 8192 });
  const [second, third] = await Promise.all(
    [1, 2].map(() => attachFile(libc, file, { readOnly: true, size: 8192 })),
  );
  const whole = await attachFile(libc, file, { readOnly: true });
  expect([second?.device, third?.device]).toEqual([first.device, first.device]);
  expect(whole.device).not.toBe(first.device);
  expect([told(first.device, "size"), told(whole.device, "size")]).toEqual(["16", "17"]);
  expect([told(first.device, "ro"), told(first.device, "loop/autoclear")]).toEqual(["1", "1"]);
  await first.release();
  expect(isAttached(libc, file)).toBe(true);
  for (const attached of [second, third, whole]) await attached?.release();
});

test("many who attach a file at once get one device", async () => {
  const attached = await Promise.all(
    Array.from({ length: 10 }, () => attachFile(openLibc(), file, { readOnly: true })),
  );
  expect(new Set(attached.map(({ device }) => device)).size).toBe(1);
  for (const { release } of attached) await release();
});

test("a writable device belongs to one alone, whichever kind comes second", async () => {
  const { device, release } = await attachFile(libc, file, { readOnly: false });
  expect(told(device, "ro")).toBe("0");
  await expect(attachFile(libc, file, { readOnly: false })).rejects.toMatchObject({ code: "EBUSY" });
  await release();
  const reader = await attachFile(libc, file, { readOnly: true });
  await expect(attachFile(libc, file, { readOnly: false })).rejects.toMatchObject({ code: "EBUSY" });
  await reader.release();
});

describe("a device is attached", () => {
  test("on kernels that attach in two steps", async () => {
    const old = answering(LOOP_CONFIGURE, () => refusal("EINVAL"));
    const { device, release } = await attachFile(old, file, { readOnly: true, size: 4096 });
    expect(["size", "ro", "loop/autoclear"].map((name) => told(device, name))).toEqual(["8", "1", "1"]);
    await release();
  });

  test("although another process was faster with the first free ones", async () => {
    const other = join(folder, "other");
    fs.copyFileSync(file, other);
    const taken = await attachFile(libc, other, { readOnly: true });
    let answers = 0;
    const late = answering(LOOP_CTL_GET_FREE, (real) =>
      answers++ < 3 ? Number(/\d+$/.exec(taken.device)?.[0]) : real(),
    );
    const { device, release } = await attachFile(late, file, { readOnly: true });
    expect(answers).toBe(4);
    expect(told(device, "loop/backing_file")).toBe(file);
    await release();
    await taken.release();
  });
});

test("refusals have the kernel's name, and nothing stays attached", async () => {
  await expect(attachFile(libc, join(folder, "no"), { readOnly: true })).rejects.toMatchObject({
    code: "ENOENT",
  });
  for (const code of ["EPERM", "ENOMEM"]) {
    const strict = answering(LOOP_CONFIGURE, () => refusal(code));
    await expect(attachFile(strict, file, { readOnly: true })).rejects.toMatchObject({ code });
  }
  const busy = answering(LOOP_CONFIGURE, () => refusal("EBUSY"));
  await expect(attachFile(busy, file, { readOnly: true })).rejects.toMatchObject({ code: "EBUSY" });
});
