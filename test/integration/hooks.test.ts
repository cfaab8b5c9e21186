// Hooks, and mounts that propagate: what a container does to its host, and the host to it.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OciHooks } from "../../src/schema/oci.ts";
import type { TestConfig } from "../support/test-bundle.ts";
import { eventually, UNTIL_KILLED, useTestHost } from "../support/test-host.ts";

const host = useTestHost("hooks");

type HookName = keyof OciHooks & string;
type Propagation = "rshared" | "rslave" | "rprivate";

/** Hooks that write the state they get into a file each, and a line into a common one. */
function recording(names: readonly HookName[]): {
  hooks: OciHooks;
  read: (name: string) => unknown;
  order: () => string[];
} {
  const folder = host.newPath();
  fs.mkdirSync(folder);
  const hook = (name: string) => ({
    path: "/bin/sh",
    args: ["sh", "-c", `cat > ${folder}/${name}; echo ${name} $WORD >> ${folder}/order`],
    env: ["PATH=/bin:/usr/bin", `WORD=for-${name}`],
  });
  return {
    hooks: Object.fromEntries(names.map((name) => [name, [hook(name)]])),
    read: (name) => JSON.parse(fs.readFileSync(join(folder, name), "utf8")),
    order: () => fs.readFileSync(join(folder, "order"), "utf8").trimEnd().split("\n"),
  };
}

describe.each(["crun", "runc"])("hooks with %s", (executor) => {
  const ok = (...words: string[]) => host.ok("--executor", executor, ...words);

  test("run in order, and get the container's state on standard input", async () => {
    const { hooks, read, order } = recording(["prestart", "createRuntime", "poststart", "poststop"]);
    const id = host.newId();
    const bundle = host.bundle(UNTIL_KILLED, (config) => {
      config.hooks = hooks;
      config.annotations = { "org.example": "x" };
    });
    await ok("create", "-b", bundle, id);
    const first =
      executor === "runc" ? order().filter((line) => line !== "poststart for-poststart") : order();
    expect(first.toSorted()).toEqual(["createRuntime for-createRuntime", "prestart for-prestart"]);
    const { pid } = await host.state(id);
    for (const name of ["prestart", "createRuntime"]) {
      expect(read(name)).toMatchObject({
        id,
        pid,
        status: expect.stringMatching(/^creat(ing|ed)$/),
        annotations: { "org.example": "x" },
      });
    }
    await ok("start", id);
    expect(await eventually(() => (order().length === 3 ? order()[2] : undefined))).toBe(
      "poststart for-poststart",
    );
    // runc 1.1 runs this hook when it creates.
    expect(read("poststart")).toMatchObject({
      id,
      pid,
      status: executor === "runc" ? expect.any(String) : "running",
    });
    await ok("delete", "--force", id);
    expect(order()[3]).toBe("poststop for-poststop");
    expect(read("poststop")).toMatchObject({ id, status: "stopped" });
  });

  test("get a folder with the container's configuration, with crun the bundle's own", async () => {
    const { hooks, read } = recording(["createRuntime"]);
    const copy = host.newPath();
    const script = `folder=$(sed 's/.*"bundle":"\\([^"]*\\)".*/\\1/') && cp "$folder/config.json" ${copy}`;
    hooks.createRuntime?.push({ path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/bin:/usr/bin"] });
    const bundle = host.bundle("true", (config) => (config.hooks = hooks));
    await ok("run", "-b", bundle, host.newId());
    expect(JSON.parse(fs.readFileSync(copy, "utf8"))).toMatchObject({ root: { path: host.rootfs }, hooks });
    if (executor === "crun") expect(read("createRuntime")).toMatchObject({ bundle });
  });

  test("run after a foreground run too", async () => {
    const { hooks, order } = recording(["poststop"]);
    const id = host.newId();
    await ok(
      "run",
      "-b",
      host.bundle("true", (config) => (config.hooks = hooks)),
      id,
    );
    expect(order()).toEqual(["poststop for-poststop"]);
  });

  test("that fail before the start fail the create, and nothing stays", async () => {
    for (const name of ["prestart", "createRuntime"] as const) {
      const id = host.newId();
      const bundle = host.bundle("true", (config) => {
        config.hooks = { [name]: [{ path: "/bin/sh", args: ["sh", "-c", "exit 3"] }] };
      });
      const { code, stderr } = await host.runhcs(["--executor", executor, "create", "-b", bundle, id]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^[^\n]*hook[^\n]*\n$/);
      expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
    }
  });
});

describe.each(["crun", "runc"])("mounts with %s", (executor) => {
  let shared = "";

  beforeAll(() => {
    shared = host.newPath();
    fs.mkdirSync(shared);
    execFileSync("mount", ["-t", "tmpfs", "shared", shared]);
    execFileSync("mount", ["--make-shared", shared]);
    for (const name of ["from-host", "from-container"]) fs.mkdirSync(join(shared, name));
  });

  afterAll(() => {
    execFileSync("umount", ["-R", shared]);
  });

  function binding(propagation: Propagation): (config: TestConfig) => void {
    return (config) => {
      config.linux.rootfsPropagation = propagation;
      config.process.capabilities = {
        bounding: ["CAP_SYS_ADMIN"],
        effective: ["CAP_SYS_ADMIN"],
        permitted: ["CAP_SYS_ADMIN"],
      };
      const bind = { destination: "/shared", type: "bind", source: shared, options: ["rbind", propagation] };
      config.mounts = [...config.mounts, bind];
    };
  }

  /** Runs a container that waits for a file between two halves of its script. */
  async function between(propagation: Propagation, act: (id: string) => Promise<void>): Promise<void> {
    const id = host.newId();
    const bundle = host.bundle(UNTIL_KILLED, binding(propagation));
    await host.ok("--executor", executor, "run", "-d", "-b", bundle, id);
    try {
      await act(id);
    } finally {
      await host.ok("delete", "--force", id);
    }
  }

  test("of an rshared bind reach the host", async () => {
    await between("rshared", async (id) => {
      await host.ok(
        "exec",
        "--cap",
        "CAP_SYS_ADMIN",
        id,
        "mount",
        "-t",
        "tmpfs",
        "inner",
        "/shared/from-container",
      );
      const mounts = fs.readFileSync("/proc/self/mountinfo", "utf8");
      expect(mounts).toContain(`${shared}/from-container `);
    });
    execFileSync("umount", [join(shared, "from-container")]);
  });

  test("of the host reach an rslave bind, and none comes back", async () => {
    await between("rslave", async (id) => {
      execFileSync("mount", ["-t", "tmpfs", "outer", join(shared, "from-host")]);
      try {
        fs.writeFileSync(join(shared, "from-host/seen"), "yes\n");
        expect(await host.ok("exec", id, "cat", "/shared/from-host/seen")).toBe("yes\n");
        await host.ok(
          "exec",
          "--cap",
          "CAP_SYS_ADMIN",
          id,
          "mount",
          "-t",
          "tmpfs",
          "inner",
          "/shared/from-container",
        );
        expect(fs.readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`${shared}/from-container `);
      } finally {
        execFileSync("umount", [join(shared, "from-host")]);
      }
    });
  });

  test("of the host itself are what they were", async () => {
    // Other programs of the machine may mount in their own temporary folders meanwhile.
    const isForeign = (line: string): boolean => / \/(?:var\/)?tmp\/(?!runhcs-test-)/.test(line);
    const mounts = (): string =>
      fs
        .readFileSync("/proc/1/mountinfo", "utf8")
        .split("\n")
        .filter((line) => !isForeign(line))
        .join("\n");
    const before = mounts();
    await between("rprivate", async (id) => {
      await host.ok(
        "exec",
        "--cap",
        "CAP_SYS_ADMIN",
        id,
        "mount",
        "-t",
        "tmpfs",
        "inner",
        "/shared/from-container",
      );
      expect(mounts()).toBe(before);
    });
    expect(mounts()).toBe(before);
  });
});

test("relative sources of mounts start at the bundle's folder", async () => {
  for (const executor of ["crun", "runc"]) {
    const bundle = host.bundle("cat /data/file", (config) => {
      config.mounts = [
        ...config.mounts,
        { destination: "/data", type: "bind", source: "data", options: ["rbind", "ro"] },
      ];
    });
    fs.mkdirSync(join(bundle, "data"));
    fs.writeFileSync(join(bundle, "data/file"), `${executor}\n`);
    expect(await host.ok("--executor", executor, "run", "-b", bundle, host.newId())).toBe(`${executor}\n`);
  }
});
