// Disks that are formatted in a utility VM on Windows. The double's guest makes the file system on Linux, and writes
// down on Windows with which words it was to be made.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../../src/base/errors.ts";
import type { BootFiles } from "../../src/oci/documents/vm/linux-vm-options.ts";
import { formatInVm, type FormatHost } from "../../src/runtime/vm/format-in-vm.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { finish, type CommandLine, type CommandLineTests } from "./command-line.ts";
import { failureOf, until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";
import { openWindowsVmHost } from "./utility-vm-host.ts";

const E_FAIL = -2147467259;
const BOOT: BootFiles = { folder: "C:\\boot", has: () => true };
const WORDS =
  "mkfs.ext4 -q -E lazy_itable_init=0,nodiscard -O ^has_journal,sparse_super2,^resize_inode /dev/sda";
const STEPS = [
  "HcsCreateComputeSystem",
  "HcsStartComputeSystem",
  "GrantVmAccess",
  "HcsModifyComputeSystem",
  "HcsCreateProcess",
];
/** What the guest is ordered to do with the disk, and how the call then ends. */
const GUEST_FAULTS: readonly [order: string, found: string][] = [
  [
    "refuse",
    "mkfs.ext4 in the guest ended with 1: mkfs.ext4: Device size reported to be zero.; Invalid partition",
  ],
  ["nothing", 'the guest calls it ""'],
  ["strange", 'the guest calls it "../sda"'],
  ["late 1000000", "the guest does not see it after 5000 ms"],
];

function newDisk(folder: string, name = "disk"): string {
  const disk = join(folder, name);
  fs.writeFileSync(disk, "");
  fs.truncateSync(disk, 64 << 20);
  return disk;
}

/** Declares the tests of the operation, which run on both hosts of the double. */
export function describeFormatInVm({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  const withHost = (
    name: string,
    body: (host: FormatHost, folder: string) => Promise<void>,
    timeout?: number,
  ): void => {
    const run = async (): Promise<void> => {
      const before = double().counts();
      const folder = fs.mkdtempSync(join(tmpdir(), "runhcs-prepare-"));
      const { service, close } = await openWindowsVmHost(double());
      const layerId = (): Promise<string> => Promise.reject(new Error("unreachable: there are no layers"));
      try {
        await body(
          { windows: { vms: service, osBuild: 17_763, processors: 2, layerId }, owner: "test" },
          folder,
        );
        await until(() => double().counts().Systems === before.Systems);
      } finally {
        await close();
        fs.rmSync(folder, { recursive: true, maxRetries: 3 });
      }
      expect(double().held()).toEqual({ ...before, Calls: 0, MostRunning: 0 });
    };
    test(name, run, timeout);
  };

  const expectFormatted = (disk: string, words = WORDS): void => {
    if (double().isWindows) return expect(fs.readFileSync(disk, "utf8")).toBe(words);
    execFileSync("e2fsck", ["-fn", disk], { stdio: "ignore" });
    const features = execFileSync("dumpe2fs", ["-h", disk], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(features).toMatch(/^Filesystem features: .*sparse_super2/m);
    expect(/has_journal|resize_inode/.test(features)).toBe(false);
  };

  describe("a disk that is formatted in a VM", () => {
    withHost("has a file system as it was asked for", async (host, folder) => {
      const disk = newDisk(folder);
      await formatInVm(host, BOOT, disk);
      expectFormatted(disk);
    });

    withHost("is formatted also if the handle of the VM cannot be closed after it", async (host, folder) => {
      const disk = newDisk(folder);
      double().control({ Function: "HcsCloseComputeSystem", Result: E_FAIL });
      await formatInVm(host, BOOT, disk);
      expectFormatted(disk);
    });

    withHost("is waited for until the guest sees it", async (host, folder) => {
      const disk = newDisk(folder);
      fs.writeFileSync(`${disk}.guest`, "late 4");
      await formatInVm(host, BOOT, disk);
      expect(fs.readFileSync(`${disk}.guest`, "utf8")).toBe("late 0");
      expectFormatted(disk);
    });

    withHost("does not meet another that is formatted at the same time", async (host, folder) => {
      const disks = ["one", "two", "three"].map((name) => newDisk(folder, name));
      await Promise.all(disks.map((disk) => formatInVm(host, BOOT, disk)));
      for (const disk of disks) expectFormatted(disk);
    });

    for (const [order, found] of GUEST_FAULTS)
      withHost(
        `is told of if the guest fails (${order})`,
        async (host, folder) => {
          const disk = newDisk(folder);
          fs.writeFileSync(`${disk}.guest`, order);
          const { message } = await failureOf(formatInVm(host, BOOT, disk), RuntimeError);
          expect(message).toBe(`Cannot format "${disk}": ${found}`);
        },
        60_000,
      );

    for (const step of STEPS)
      withHost(`leaves no VM if ${step} fails`, async (host, folder) => {
        const disk = newDisk(folder);
        double().control({ Function: step, Result: E_FAIL, Times: 0 });
        const { message } = await failureOf(formatInVm(host, BOOT, disk), RuntimeError);
        expect(message).toMatch(/^Cannot .*0x80004005/);
      });

    withHost("is told of once if the clean-up fails too", async (host, folder) => {
      const disk = newDisk(folder);
      fs.writeFileSync(`${disk}.guest`, "refuse");
      double().control({ Function: "HcsTerminateComputeSystem", Result: E_FAIL, Times: 0 });
      const { message } = await failureOf(formatInVm(host, BOOT, disk), RuntimeError);
      expect(message).toMatch(/ended with 1/);
    });

    withHost("may be given up", async (host, folder) => {
      const disk = newDisk(folder);
      fs.writeFileSync(`${disk}.guest`, "hang");
      const abort = new AbortController();
      const reason = new RuntimeError("INTERRUPTED", "stopped");
      const work = failureOf(formatInVm(host, BOOT, disk, { signal: abort.signal }), RuntimeError);
      // One process that stays.
      await until(() => double().counts().Processes > 0);
      setTimeout(() => abort.abort(reason), 500);
      expect((await work).message).toBe("stopped");
    });

    withHost("needs a host that has Linux VMs", async ({ windows, owner }, folder) => {
      const disk = newDisk(folder);
      const old = { windows: { ...windows, osBuild: 17_134 }, owner };
      const { message, code } = await failureOf(formatInVm(old, BOOT, disk), RuntimeError);
      expect([code, message]).toEqual([
        "PLATFORM_UNSUPPORTED",
        "Cannot make a Linux utility VM: Linux containers need Windows build 17763, the host's is 17134",
      ]);
      const without = {
        ...BOOT,
        has: (_: string, file: string) => file !== "initrd.img" && file !== "rootfs.vhd",
      };
      const missing = await failureOf(formatInVm({ windows, owner }, without, disk), RuntimeError);
      expect(missing.message).toBe('Cannot make a Linux utility VM: "C:\\boot" has no "initrd.img"');
    });
  });
}

/** Declares the tests of the command, by the whole program. */
export function describePrepareDisk(
  { describe, expect }: TestRunner,
  { inRoot, refused }: CommandLineTests,
): void {
  const boot = join(process.env["ProgramFiles"] ?? "C:\\Program Files", "Linux Containers");

  /** A test on a host that has boot files, empty ones where Windows looks for them. */
  const withBootFiles = (name: string, body: (place: CommandLine, disk: string) => Promise<void>): void =>
    inRoot(name, async (place) => {
      fs.mkdirSync(boot);
      try {
        for (const file of ["kernel", "initrd.img"]) fs.writeFileSync(join(boot, file), "");
        await body(place, newDisk(place.folder));
      } finally {
        fs.rmSync(boot, { recursive: true, maxRetries: 3 });
      }
    });

  describe("prepare-disk on Windows", () => {
    withBootFiles("formats a disk in a VM and says nothing", async (place, disk) => {
      const result = await place.call(["prepare-disk", "--destpath", disk]);
      expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(fs.readFileSync(disk, "utf8")).toBe(WORDS);
    });

    withBootFiles("tells in one line why it failed, and leaves no VM", async (place, disk) => {
      const words = ["prepare-disk", "--destpath", disk];
      for (const step of STEPS) {
        place.double.control({ Function: step, Result: E_FAIL, Times: 0 });
        await refused(place, words, /^Cannot .*0x80004005/);
        place.double.control({ Forget: true });
      }
      fs.writeFileSync(`${disk}.guest`, "refuse");
      await refused(
        place,
        words,
        /^Cannot format ".*disk": mkfs\.ext4 in the guest ended with 1: .*; Invalid/,
      );
      await refused(place, ["prepare-disk", "--destpath", `${disk}.none`], /^Cannot add SCSI disk ".*none"/);
    });

    withBootFiles("leaves no VM when it is killed", async (place, disk) => {
      fs.writeFileSync(`${disk}.guest`, "hang");
      const call = place.start(["prepare-disk", "--destpath", disk]);
      await until(() => place.double.counts().Devices > 0, 20_000);
      expect(await place.ok("list", "--all", "--quiet")).toMatch(/^preparedisk-uvm-[0-9a-f-]{36}\n$/);
      call.kill("SIGKILL");
      await finish(call, undefined, ["prepare-disk"]);
    });

    inRoot("asks for a disk and for boot files", async (place) => {
      await refused(place, ["prepare-disk"], /^'destpath' is required$/);
      await refused(
        place,
        ["prepare-disk", "--destpath", "\\\\.\\PHYSICALDRIVE1"],
        /^Cannot make a Linux utility VM: ".*Linux Containers" has no "kernel"$/,
      );
    });
  });
}
