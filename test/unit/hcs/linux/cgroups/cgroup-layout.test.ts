import { describe, expect, test } from "vitest";
import { cgroupLayout, toCgroupLayout } from "../../../../../src/hcs/linux/cgroups/cgroup-layout.ts";
import { parseProcCgroup } from "../../../../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { parseMountinfo } from "../../../../../src/hcs/linux/mount-table.ts";
import { hostMachine } from "../test-machine.ts";

function layout(cgroups: string, mounts: string, unifiedControllers = "") {
  return toCgroupLayout(parseProcCgroup(cgroups), parseMountinfo(mounts), async () => unifiedControllers);
}

const MEMORY = "33 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const SYSTEMD = "34 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";

describe("toCgroupLayout", () => {
  test("calls a host with v1 controllers and no v2 hierarchy v1", async () => {
    expect(await layout("4:memory:/\n9:name=systemd:/\n", MEMORY + SYSTEMD)).toEqual({
      kind: "v1",
      v1: { memory: "/sys/fs/cgroup/memory", "name=systemd": "/sys/fs/cgroup/systemd" },
    });
  });

  test("calls v1 controllers beside a v2 hierarchy hybrid, and tells what is on v2", async () => {
    const mounts = `${MEMORY}38 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n`;
    expect(await layout("4:memory:/\n0::/\n", mounts, "hugetlb misc\n")).toEqual({
      kind: "hybrid",
      v1: { memory: "/sys/fs/cgroup/memory" },
      v2: { mountPoint: "/sys/fs/cgroup/unified", controllers: ["hugetlb", "misc"] },
    });
  });

  test("calls a host v2 whose /sys/fs/cgroup is v2, whatever else is mounted elsewhere", async () => {
    const mounts =
      "35 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n36 31 0:9 / /run/vpn rw - cgroup c rw,net_cls\n";
    expect(await layout("1:net_cls:/\n0::/\n", mounts, "cpu memory pids\n")).toEqual({
      kind: "v2",
      v1: { net_cls: "/run/vpn" },
      v2: { mountPoint: "/sys/fs/cgroup", controllers: ["cpu", "memory", "pids"] },
    });
  });

  test("calls v2 at an unusual place with no v1 controller v2", async () => {
    const mounts = `${SYSTEMD}35 31 0:38 / /cg rw - cgroup2 cgroup2 rw\n`;
    expect((await layout("9:name=systemd:/\n0::/\n", mounts)).kind).toBe("v2");
  });

  test("calls a host without control groups none", async () => {
    expect((await layout("0::/\n", "")).kind).toBe("none");
  });
});

test("cgroupLayout agrees with what the kernel says of this host", async () => {
  const { kind, v2 } = await cgroupLayout(hostMachine());
  expect(["v1", "v2", "hybrid", "none"]).toContain(kind);
  if (kind === "v2" || kind === "hybrid") expect(v2?.mountPoint).toMatch(/^\//);
  else expect(v2).toBeUndefined();
});
