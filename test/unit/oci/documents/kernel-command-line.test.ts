import { describe, expect, test } from "vitest";
import { kernelCommandLine } from "../../../../src/oci/documents/vm/kernel-command-line.ts";
import { linuxVmOptions } from "../../../../src/oci/documents/vm/linux-vm-options.ts";
import type { LinuxVmOptions } from "../../../../src/oci/documents/vm/vm-options.ts";
import { windowsSpec } from "./test-host.ts";

const identity = { id: "c@vm", owner: "tester" };
const bootFiles = { folder: "C:\\boot", has: () => false };
const defaults = linuxVmOptions(windowsSpec({}, { linux: {} }), identity, bootFiles, { osBuild: 20348 });

const quiet = "8250_core.nr_uarts=0 panic=-1 quiet";
const serial = "8250_core.nr_uarts=1 8250_core.skip_txen_test=1 console=ttyS0,115200";
const tail = "brd.rd_nr=0 pmtmr=0 --";
const gcs = "/bin/gcs -v4 -log-format json -loglevel info";

describe("the kernel's command line", () => {
  test.each<[string, Partial<LinuxVmOptions>, number, string]>([
    ["an initrd, directly", {}, 2, `${quiet} pci=off nr_cpus=2 ${tail} -e 1 /bin/vsockexec -e 109 ${gcs}`],
    [
      "an initrd, by firmware",
      { kernelDirect: false, rootFsFile: "i.img" },
      2,
      `initrd=/i.img ${quiet} pci=off nr_cpus=2 ${tail} -e 1 /bin/vsockexec -e 109 ${gcs}`,
    ],
    [
      "a disk, by firmware",
      { kernelDirect: false, rootFsType: "vhd" },
      8,
      `root=/dev/pmem0 ro rootwait init=/init ${quiet} pci=off nr_cpus=8 ${tail} -e 1 /bin/vsockexec -e 109 ${gcs}`,
    ],
    [
      "a serial console",
      { consolePipe: "\\\\.\\pipe\\vm" },
      2,
      `${serial} pci=off nr_cpus=2 ${tail} -e 1 sh -c "/bin/vsockexec -e 109 ${gcs} & exec sh"`,
    ],
    [
      "a graphics console",
      { enableGraphicsConsole: true },
      2,
      `8250_core.nr_uarts=0 console=tty pci=off nr_cpus=2 ${tail} -e 1 sh -c "/bin/vsockexec -e 109 ${gcs} & exec sh"`,
    ],
    [
      "both consoles",
      { consolePipe: "\\\\.\\pipe\\vm", enableGraphicsConsole: true },
      2,
      `${serial} console=tty pci=off nr_cpus=2 ${tail} -e 1 sh -c "/bin/vsockexec -e 109 ${gcs} & exec sh"`,
    ],
    [
      "further options and PCI",
      { kernelBootOptions: "a=1 b", vpciEnabled: true },
      1,
      `${quiet} a=1 b nr_cpus=1 ${tail} -e 1 /bin/vsockexec -e 109 ${gcs}`,
    ],
    [
      "all output of another agent",
      { forwardStdout: true, execCommandLine: "/bin/agent" },
      2,
      `${quiet} pci=off nr_cpus=2 ${tail} -e 1 /bin/vsockexec -o 109 -e 109 /bin/agent`,
    ],
    [
      "no output",
      { forwardStderr: false },
      2,
      `${quiet} pci=off nr_cpus=2 ${tail} -e 1 /bin/vsockexec ${gcs}`,
    ],
  ])("with %s", (_, parts, processors, line) => {
    expect(kernelCommandLine({ ...defaults, ...parts }, processors)).toBe(line);
  });
});
