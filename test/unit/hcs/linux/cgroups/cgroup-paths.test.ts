import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  mainDirectory,
  parseProcCgroup,
  readCgroupPaths,
  resolveCgroupPaths,
} from "../../../../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { parseMountinfo } from "../../../../../src/hcs/linux/mount-table.ts";
import { hostMachine } from "../test-machine.ts";

const V1_MOUNTS = `\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 master:1 - cgroup cgroup rw,memory
34 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
`;
const V2_MOUNTS = "35 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";
const HYBRID_MOUNTS = `${V1_MOUNTS}38 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n`;

function resolve(cgroups: string, mounts: string) {
  return resolveCgroupPaths(parseProcCgroup(cgroups), parseMountinfo(mounts));
}

describe("resolveCgroupPaths", () => {
  test("finds every controller of a v1 host, also those that share a hierarchy", () => {
    expect(resolve("9:name=systemd:/c\n4:memory:/c\n2:cpu,cpuacct:/c\n", V1_MOUNTS)).toEqual({
      controllers: {
        "name=systemd": "/sys/fs/cgroup/systemd/c",
        memory: "/sys/fs/cgroup/memory/c",
        cpu: "/sys/fs/cgroup/cpu,cpuacct/c",
        cpuacct: "/sys/fs/cgroup/cpu,cpuacct/c",
      },
      unified: undefined,
    });
  });

  test("finds the one folder of a v2 host", () => {
    expect(resolve("0::/machine.slice/c:1\n", V2_MOUNTS)).toEqual({
      controllers: {},
      unified: "/sys/fs/cgroup/machine.slice/c:1",
    });
  });

  test("finds both on a hybrid host", () => {
    const paths = resolve("4:memory:/c\n0::/c\n", HYBRID_MOUNTS);
    expect(paths.controllers).toEqual({ memory: "/sys/fs/cgroup/memory/c" });
    expect(paths.unified).toBe("/sys/fs/cgroup/unified/c");
  });

  test("gives the mount point for a process in the root group", () => {
    expect(resolve("0::/\n", V2_MOUNTS).unified).toBe("/sys/fs/cgroup");
  });

  test("leaves out controllers that are not mounted", () => {
    expect(resolve("4:memory:/c\n7:rdma:/c\n", V1_MOUNTS).controllers).toEqual({
      memory: "/sys/fs/cgroup/memory/c",
    });
  });

  test("strips the part of the path that a mount of a subtree already has", () => {
    const mounts = "33 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
    expect(resolve("4:memory:/docker/abc/c\n", mounts).controllers["memory"]).toBe("/sys/fs/cgroup/memory/c");
    expect(resolve("4:memory:/docker/abc\n", mounts).controllers["memory"]).toBe("/sys/fs/cgroup/memory");
    expect(resolve("4:memory:/docker/abcd\n", mounts).controllers["memory"]).toBeUndefined();
  });

  test("never leads out of the mount when the process is outside the cgroup namespace", () => {
    expect(resolve("0::/../other\n", V2_MOUNTS).unified).toBeUndefined();
    expect(resolve("0::/..other\n", V2_MOUNTS).unified).toBe("/sys/fs/cgroup/..other");
  });
});

describe("parseProcCgroup", () => {
  const name = fc.stringMatching(/^[a-z_]{1,8}$/);
  const path = fc.stringMatching(/^\/[^\n]{0,20}$/);
  const membership = fc.record({
    hierarchy: fc.nat(99),
    controllers: fc.uniqueArray(name, { maxLength: 3 }),
    path,
  });

  test("reads back what the kernel would write", () => {
    fc.assert(
      fc.property(fc.array(membership), (memberships) => {
        const text = memberships.map((m) => `${m.hierarchy}:${m.controllers.join(",")}:${m.path}\n`).join("");
        expect(parseProcCgroup(text)).toEqual(memberships);
      }),
    );
  });

  test("survives any text", () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(":", "\n", "0", "/"), fc.string()));
    fc.assert(
      fc.property(pieces, (words) =>
        parseProcCgroup(words.join("")).every(({ path }) => path.startsWith("/")),
      ),
    );
  });
});

describe("mainDirectory", () => {
  test("prefers the pids and devices controllers, then v2, then anything", () => {
    const controllers = { net_cls: "/n", devices: "/d", pids: "/p" };
    expect(mainDirectory({ controllers, unified: "/u" })).toBe("/p");
    expect(mainDirectory({ controllers: { net_cls: "/n", devices: "/d" }, unified: "/u" })).toBe("/d");
    expect(mainDirectory({ controllers: { net_cls: "/n" }, unified: "/u" })).toBe("/u");
    expect(mainDirectory({ controllers: { net_cls: "/n" }, unified: undefined })).toBe("/n");
  });

  test("says so when no control groups are mounted", () => {
    expect(() => mainDirectory({ controllers: {}, unified: undefined })).toThrow(/none are mounted/);
  });
});

describe("readCgroupPaths", () => {
  test("finds folders in which this very process is listed", async () => {
    const paths = await readCgroupPaths(hostMachine(), process.pid);
    expect(paths).toEqual(await readCgroupPaths(hostMachine(), "self"));
    const { controllers = {}, unified } = paths ?? {};
    const directories = [...Object.values(controllers), ...(unified === undefined ? [] : [unified])];
    for (const directory of directories) {
      const pids = readFileSync(`${directory}/cgroup.procs`, "utf8").split("\n");
      expect(pids, directory).toContain(String(process.pid));
    }
  });

  test("gives undefined for a process that does not exist", async () => {
    expect(await readCgroupPaths(hostMachine(), 2 ** 22 + 1)).toBeUndefined();
  });
});
