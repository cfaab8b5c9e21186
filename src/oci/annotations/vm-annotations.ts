import { bool, choice, refused, text, uint32, uint64, unserved } from "./annotation.ts";

/** Annotations of a utility VM. */
export const VM_ANNOTATIONS = {
  "io.microsoft.virtualmachine.computetopology.memory.sizeinmb": uint64(
    "memory of the VM in MiB, rounded up to even",
    "windows.resources.memory.limit, else 1024",
    2n ** 44n - 2n,
  ),
  "io.microsoft.virtualmachine.computetopology.memory.allowovercommit": bool(
    "let the VM's memory be paged on the host",
    "true",
  ),
  "io.microsoft.virtualmachine.computetopology.memory.enabledeferredcommit": bool(
    "count the VM's memory when it is first used",
  ),
  "io.microsoft.virtualmachine.computetopology.memory.enablecolddiscardhint": bool(
    "let a Linux guest tell which memory it has done with",
  ),
  "io.microsoft.virtualmachine.computetopology.memory.lowmmiogapinmb": uint64(
    "space for devices below 4 GiB, in MiB",
    "the host's",
  ),
  "io.microsoft.virtualmachine.computetopology.memory.highmmiobaseinmb": uint64(
    "where the space for devices above 4 GiB begins, in MiB",
    "the host's",
  ),
  "io.microsoft.virtualmachine.computetopology.memory.highmmiogapinmb": uint64(
    "space for devices above 4 GiB, in MiB",
    "the host's",
  ),
  "io.microsoft.virtualmachine.computetopology.processor.count": uint32(
    "processors of the VM, at most the host's",
    "windows.resources.cpu.count, else 2 (1 on a host with one)",
  ),
  "io.microsoft.virtualmachine.computetopology.processor.limit": uint32(
    "share of each processor, in thousandths of a percent",
    "windows.resources.cpu.maximum",
    100_000,
  ),
  "io.microsoft.virtualmachine.computetopology.processor.weight": uint32(
    "weight against other VMs",
    "windows.resources.cpu.shares",
    10_000,
  ),
  "io.microsoft.virtualmachine.computetopology.processor.numa.max-processors-per-node": unserved(
    uint32("most processors in a NUMA node of the VM", "the host's"),
  ),
  "io.microsoft.virtualmachine.computetopology.processor.numa.max-size-per-node": unserved(
    uint64("most memory in a NUMA node of the VM, in MiB", "the host's"),
  ),
  "io.microsoft.virtualmachine.computetopology.numa.preferred-physical-nodes": unserved(
    text("NUMA nodes of the host to prefer, separated by commas"),
  ),
  "io.microsoft.virtualmachine.computetopology.numa.mapped-physical-nodes": unserved(
    text("NUMA node of the host for each of the VM's, separated by commas"),
  ),
  "io.microsoft.virtualmachine.computetopology.numa.count-of-processors": unserved(
    text("processors of each NUMA node, separated by commas"),
  ),
  "io.microsoft.virtualmachine.computetopology.numa.count-of-memory-blocks": unserved(
    text("MiB of each NUMA node, separated by commas"),
  ),
  "io.microsoft.virtualmachine.devices.virtualpmem.maximumcount": uint32(
    "persistent memory devices of a Linux VM",
    "64",
    128,
  ),
  "io.microsoft.virtualmachine.devices.virtualpmem.maximumsizebytes": uint64(
    "size of each of them, a multiple of 4096 bytes",
    "4294967296",
  ),
  "io.microsoft.virtualmachine.lcow.preferredrootfstype": choice(
    ["initrd", "vhd"],
    "root file system of a Linux VM: initrd.img or rootfs.vhd",
    "vhd if there is a rootfs.vhd, else initrd",
  ),
  "io.microsoft.virtualmachine.lcow.bootfilesrootpath": text(
    "folder with the kernel and the root file system of a Linux VM",
    "LinuxBootFiles beside the program, else Linux Containers below %ProgramFiles%",
  ),
  "io.microsoft.virtualmachine.bootfilesrootpath": text("the same, and counts before it"),
  "io.microsoft.virtualmachine.lcow.kerneldirectboot": bool(
    "start the Linux kernel without firmware; false takes the file kernel",
    "true from build 18286",
  ),
  "io.microsoft.virtualmachine.lcow.kernelbootoptions": text("further words of the kernel's command line"),
  "io.microsoft.virtualmachine.lcow.vpcienabled": bool("let the Linux kernel use PCI devices"),
  "io.microsoft.virtualmachine.lcow.timesync.disable": unserved(bool("run no clock service in the VM")),
  "io.microsoft.virtualmachine.lcow.vpmem.nomultimapping": unserved(
    bool("put one layer only on each persistent memory device"),
  ),
  "io.microsoft.virtualmachine.lcow.privileged": unserved(bool("lift the limits of a Linux container")),
  "io.microsoft.virtualmachine.lcow.hostnetwork": unserved(bool("use the network of the VM itself")),
  "io.microsoft.virtualmachine.storageqos.bandwidthmaximum": uint64(
    "most bytes a second of the VM's disks",
    "windows.resources.storage.bps",
  ),
  "io.microsoft.virtualmachine.storageqos.iopsmaximum": uint64(
    "most operations a second of the VM's disks",
    "windows.resources.storage.iops",
  ),
  "io.microsoft.virtualmachine.storage.scratch.encrypted": refused(
    bool("encrypt the scratch disks"),
    "scratch disks are not encrypted",
  ),
  "io.microsoft.virtualmachine.fullyphysicallybacked": bool(
    "take all memory from the host at once; without persistent memory devices, from an initrd",
  ),
  "io.microsoft.virtualmachine.disablecompartmentnamespace": bool(
    "leave the guest's network compartments without namespaces (Windows)",
  ),
  "io.microsoft.virtualmachine.useexternalgcsbridge": refused(
    bool("talk to the guest directly and not through the service"),
    "the service talks to the guest, not this program",
  ),
  "io.microsoft.virtualmachine.cpugroup.id": refused(
    text("group of processors that the VM joins once it runs"),
    "VMs join no group of processors",
  ),
  "io.microsoft.virtualmachine.saveastemplate": refused(
    bool("make the VM one to clone from (Windows)"),
    "VMs are not cloned",
  ),
  "io.microsoft.virtualmachine.templateid": refused(
    text("VM to clone from; excludes saveastemplate (Windows)"),
    "VMs are not cloned",
  ),
  "io.microsoft.virtualmachine.dump-directory-path": unserved(text("folder for dumps of the VM")),
  "io.microsoft.virtualmachine.fileshares.disablewritable": refused(
    bool("share folders read-only only"),
    "folders are shared as their mounts say",
  ),
  "io.microsoft.virtualmachine.kerneldrivers": unserved(
    text("folders with drivers to install in the VM, separated by commas"),
  ),
  "io.microsoft.virtualmachine.resource-partition-id": unserved(text("resource partition of the VM")),
  "io.microsoft.virtualmachine.forwardlogs.sources": unserved(text("sources of logs that the guest sends")),
  "io.microsoft.virtualmachine.forwardlogs.enable": unserved(bool("let the guest send its logs")),
  "io.microsoft.virtualmachine.forwardlogs.defaultsources.enable": unserved(
    bool("let the guest send the logs of its usual sources"),
  ),
  "io.microsoft.virtualmachine.wcow.timezone.noinherit": unserved(
    bool("do not give a Windows guest the host's time zone"),
  ),
  "io.microsoft.virtualmachine.wcow.virtualSMB.nodirectmap": bool(
    "map no shared file into a Windows guest's memory",
  ),
  "io.microsoft.virtualmachine.wcow.writable_efi": unserved(bool("let a Windows guest write boot files")),
  "io.microsoft.wcow.debug": unserved(bool("keep what helps to find faults of the Windows guest")),
  "io.microsoft.wcow.debug_data_path": unserved(text("folder for that")),
};
