import { bool, refused, text, uint32, uint64, unserved } from "./annotation.ts";

/** Annotations of one container. */
export const CONTAINER_ANNOTATIONS = {
  "io.microsoft.container.memory.sizeinmb": uint64(
    "most memory of a Windows container, in MiB",
    "windows.resources.memory.limit",
    2n ** 44n - 1n,
  ),
  "io.microsoft.container.processor.count": uint32(
    "processors of a Windows container; excludes limit and weight",
    "windows.resources.cpu.count",
  ),
  "io.microsoft.container.processor.limit": uint32(
    "share of all processors, in hundredths of a percent; excludes count and weight",
    "windows.resources.cpu.maximum",
    10_000,
  ),
  "io.microsoft.container.processor.weight": uint32(
    "weight against other containers; excludes count and limit",
    "windows.resources.cpu.shares",
    10_000,
  ),
  "io.microsoft.container.storage.qos.bandwidthmaximum": uint64(
    "most bytes a second to and from the scratch of a Windows container",
    "windows.resources.storage.bps",
  ),
  "io.microsoft.container.storage.qos.iopsmaximum": uint64(
    "most operations a second on the scratch of a Windows container",
    "windows.resources.storage.iops",
  ),
  "io.microsoft.container.processdumplocation": unserved(
    text("folder in the container for dumps of processes that crash"),
  ),
  "io.microsoft.wcow.processdumptype": unserved(
    text("kind of the dumps of processes: mini, full or a number", "mini"),
  ),
  "io.microsoft.wcow.processdumpcount": unserved(uint32("dumps of processes that are kept", "10")),
  "io.microsoft.lcow.rlimitcore": unserved(text("limit of core files of a Linux container: soft;hard")),
  "io.microsoft.lcow.shm.size-kb": unserved(uint64("size of /dev/shm of a Linux container, in KiB", "65536")),
  "io.microsoft.lcow.gpuvhdpath": text("disk with the drivers of a GPU, for a Linux container"),
  "io.microsoft.assigneddevice.kerneldrivers": text(
    "folders with drivers of assigned devices to install in a Windows VM, separated by commas",
  ),
  "io.microsoft.container.gpu.capabilities": text("capabilities asked of a GPU, by the guest of a Linux VM"),
  "microsoft.com/hostprocess-container": refused(
    bool("run the process on the host itself"),
    "no container is a process of the host",
  ),
  "microsoft.com/hostprocess-inherit-user": unserved(
    bool("run a process on the host as the user who runs the runtime"),
  ),
  "microsoft.com/hostprocess-rootfs-location": unserved(
    text("where the root file system of a process on the host is mounted", "C:\\hpc"),
  ),
  "microsoft.com/disable-hostprocess-container": unserved(bool("refuse processes on the host")),
  "io.microsoft.container.wcow.deviceextensions": unserved(
    text("files that describe extensions of device namespaces, separated by commas"),
  ),
  "io.microsoft.container.wcow.gmsa.disable": unserved(bool("ignore the credential specification")),
  "io.microsoft.container.lcow.tee-log-path": unserved(text("file in the VM that also gets the output")),
  "io.microsoft.container.lcow.tee-log-dir-mount": unserved(
    text("where the folder of that file is seen in the container"),
  ),
  "io.microsoft.disable-unsafe-operations": unserved(bool("refuse operations that weaken isolation")),
};
