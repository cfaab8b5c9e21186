// Runs a table of cases on a real engine, once for every runtime under test. bare runc is the yardstick:
// whatever it passes, runhcs has to pass.
import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeBusyboxImage } from "./busybox-image.ts";
import { openSandbox } from "./sandbox.ts";
import type { Outcome, Sandbox } from "./sandbox.ts";

/** An OCI runtime as an engine sees it: a name and an executable. */
export interface RuntimeUnderTest {
  readonly name: string;
  readonly path: string;
}

/** Shell text and what it has to do; the exit code is 0 unless said otherwise. */
export interface Step {
  readonly run: string;
  readonly code?: number;
  /** All of standard output but the white space at its ends, or a pattern found in it. */
  readonly prints?: string | RegExp;
  /** A pattern found in standard error. */
  readonly complains?: RegExp;
}

/** Steps that use the engine the way an operator does, independent of all other cases. */
export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What a suite has to know of an engine. */
export interface Engine {
  readonly name: string;
  /** Writes configuration and the wrapper of the client, starts the daemon if there is one, loads the image. */
  start(sandbox: Sandbox, runtime: RuntimeUnderTest, archive: string): Promise<void>;
  /** Shell text that removes all containers. */
  readonly clean: string;
  /** Shell text that ends the daemon and returns when it is gone. */
  readonly stop: string;
  /** Shell text that prints, one a line, `find` patterns of the cgroups that containers were given. */
  readonly cgroups: string;
  /** Shell text that prints such patterns of what the engine itself made and keeps. */
  readonly cgroupParents: string;
  /** Folder in which a runtime keeps its state when this engine calls it. */
  stateRoot(runtime: RuntimeUnderTest): string;
}

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** The runtimes to test: runhcs, with the yardstick in a soak run, or those that RUNHCS_TEST_RUNTIMES names. */
export function runtimesUnderTest(): RuntimeUnderTest[] {
  const known = [
    { name: "runc", path: "/usr/sbin/runc" },
    { name: "runhcs", path: join(REPOSITORY, "bin/runhcs") },
  ];
  const usual = process.env["RUNHCS_SOAK"] ? "runc,runhcs" : "runhcs";
  const wanted = (process.env["RUNHCS_TEST_RUNTIMES"] ?? usual).split(",");
  return known.filter(({ name }) => wanted.includes(name));
}

/** Registers one test per case and runtime, and one that nothing is left behind. */
export function describeEngine(engine: Engine, cases: readonly Case[]): void {
  describe.each(runtimesUnderTest())(`${engine.name} with $name`, (runtime) => {
    let sandbox: Sandbox;
    let mountsBefore: string[];

    beforeAll(async () => {
      sandbox = await openSandbox();
      mountsBefore = await lines(sandbox, MOUNTS);
      await engine.start(sandbox, runtime, await writeBusyboxImage(sandbox.folder));
    });
    afterAll(async () => {
      if (sandbox === undefined) return;
      const cgroups = await lines(sandbox, `set -f; ${engine.cgroups}; ${engine.cgroupParents}`);
      await sandbox.close();
      await removeCgroups(cgroups);
    });

    for (const { name, steps } of cases) {
      test(name, async () => {
        try {
          for (const step of steps) {
            expectStep(step, await sandbox.run(step.run));
          }
        } finally {
          await sandbox.run(engine.clean);
        }
      });
    }

    test("leaves no state, cgroup, mount, process or network behind", async () => {
      const root = engine.stateRoot(runtime);
      const left = {
        containers: await lines(sandbox, `${runtime.path} --root ${root} list --quiet`),
        state: await lines(sandbox, `find ${root} -mindepth 1 ! -name '@*'`), // @ marks what is no container's
        cgroups: await lines(sandbox, leftCgroups(engine)),
        daemon: (await sandbox.run(engine.stop)).stderr,
        mounts: (await lines(sandbox, MOUNTS)).filter((mount) => !mountsBefore.includes(mount)),
        processes: await lines(sandbox, PROCESSES),
      };
      expect(left).toEqual({ containers: [], state: [], cgroups: [], daemon: "", mounts: [], processes: [] });
    });
  });
}

/** Starts a daemon in the background of the sandbox and waits until the probe succeeds. */
export async function startDaemon(sandbox: Sandbox, command: string, probe: string): Promise<void> {
  const name = command.split(" ", 1)[0];
  const log = join(sandbox.folder, `${name}.log`);
  await sandbox.run(`setsid ${command} >${log} 2>&1 </dev/null & echo $! >${name}.pid`);
  const ready = await sandbox.run(
    `for i in $(seq 100); do ${probe} >/dev/null 2>&1 && exit; sleep 0.1; done; tail ${log}; exit 1`,
  );
  if (ready.code !== 0) {
    throw new Error(`${name} does not answer:\n${ready.stdout}`);
  }
}

/** Shell text that ends a daemon started by {@link startDaemon}. */
export function stopDaemon(name: string): string {
  return `kill $(cat ${name}.pid); for i in $(seq 100); do kill -0 $(cat ${name}.pid) 2>/dev/null || exit 0; sleep 0.1; done; echo ${name} does not end >&2`;
}

/** Writes an executable that calls a client with its connection options in front, after some `preparation`. */
export async function writeClient(
  sandbox: Sandbox,
  name: string,
  command: string,
  preparation = "",
): Promise<void> {
  const path = join(sandbox.folder, "bin", name);
  await writeFile(path, `#!/bin/sh${preparation}\nexec ${command} "$@"\n`);
  await chmod(path, 0o755);
}

/** Tells whether the sandbox's folder can carry overlay mounts, which it cannot inside many containers. */
export async function canOverlay(sandbox: Sandbox): Promise<boolean> {
  const probe = await sandbox.run(
    `mkdir -p probe/l probe/u probe/w probe/m &&
     mount -t overlay probe -o lowerdir=probe/l,upperdir=probe/u,workdir=probe/w probe/m && umount probe/m && rm -r probe`,
  );
  return probe.code === 0;
}

const MOUNTS = "awk '{ print $5 }' /proc/self/mountinfo";

// Process 1 and its `cat` hold the sandbox open; the rest of the names belong to this very command.
const PROCESSES = "sleep 0.3; ps -e -o pid=,comm= | awk '$1 > 1 && $2 !~ /^(cat|bash|ps|awk)$/ { print $2 }'";

function leftCgroups({ cgroups }: Engine): string {
  return `set -f; for pattern in $(${cgroups}); do find /sys/fs/cgroup -type d -path "$pattern"; done`;
}

// Only after the sandbox's last process has ended does the kernel let go of them.
async function removeCgroups(patterns: readonly string[]): Promise<void> {
  const paths = patterns.flatMap((pattern) => ["-o", "-path", pattern]);
  const remove = ["-depth", "-type", "d", "(", "-false", ...paths, ")", "-exec", "rmdir", "{}", "+"];
  await new Promise((resolve) => execFile("find", ["/sys/fs/cgroup", ...remove], resolve));
}

async function lines(sandbox: Sandbox, script: string): Promise<string[]> {
  const { stdout, stderr } = await sandbox.run(script);
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
}

function expectStep(step: Step, outcome: Outcome): void {
  const seen = `${step.run}\n${outcome.stdout}${outcome.stderr}`;
  expect(outcome.code, seen).toBe(step.code ?? 0);
  if (typeof step.prints === "string") {
    expect(outcome.stdout.replaceAll("\r", "").trim(), seen).toBe(step.prints);
  } else if (step.prints !== undefined) {
    expect(outcome.stdout, seen).toMatch(step.prints);
  }
  if (step.complains !== undefined) {
    expect(outcome.stderr, seen).toMatch(step.complains);
  }
}
