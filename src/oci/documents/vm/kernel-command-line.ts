import { ENTROPY_PORT, LOG_PORT } from "../../../hcs/vm-limits.ts";
import type { LinuxVmOptions } from "./vm-options.ts";

/** The kernel's command line of a Linux VM. @param processorCount processors that the VM has */
export function kernelCommandLine(options: LinuxVmOptions, processorCount: number): string {
  const words = [
    ...rootWords(options),
    ...consoleWords(options),
    options.kernelBootOptions,
    options.vpciEnabled ? "" : "pci=off",
    `nr_cpus=${processorCount}`,
    "brd.rd_nr=0",
    "pmtmr=0",
    "--",
    initWords(options),
  ];
  return words.filter((word) => word !== "").join(" ");
}

/** Whether someone can watch the guest, who wants to see its messages and to have a shell in it. */
function hasConsole({ consolePipe, enableGraphicsConsole }: LinuxVmOptions): boolean {
  return consolePipe !== "" || enableGraphicsConsole;
}

/** Firmware loads the initrd by its name in the boot folder; otherwise the document names it. */
function rootWords({ rootFsType, rootFsFile, kernelDirect }: LinuxVmOptions): string[] {
  if (rootFsType === "vhd") return ["root=/dev/pmem0", "ro", "rootwait", "init=/init"];
  return kernelDirect ? [] : [`initrd=/${rootFsFile}`];
}

function consoleWords(options: LinuxVmOptions): string[] {
  const serial = ["8250_core.nr_uarts=1", "8250_core.skip_txen_test=1", "console=ttyS0,115200"];
  return [
    ...(options.consolePipe === "" ? ["8250_core.nr_uarts=0"] : serial),
    ...(options.enableGraphicsConsole ? ["console=tty"] : []),
    // Without anyone to see a panic the VM ends at once.
    ...(hasConsole(options) ? [] : ["panic=-1", "quiet"]),
  ];
}

/** What init gets: its own option, then the guest agent, beside a shell if there is a console for it. */
function initWords(options: LinuxVmOptions): string {
  const agent = [
    "/bin/vsockexec",
    ...(options.forwardStdout ? [`-o ${LOG_PORT}`] : []),
    ...(options.forwardStderr ? [`-e ${LOG_PORT}`] : []),
    options.execCommandLine,
  ].join(" ");
  return `-e ${ENTROPY_PORT} ${hasConsole(options) ? `sh -c "${agent} & exec sh"` : agent}`;
}
