// What every compute service must do, and beside that every one that runs Linux containers. It imports no test runner and nothing of a
// platform, so that it can be bundled for another one.
import { ProcessError } from "../../src/base/errors.ts";
import type {
  Attachment,
  ComputeProcess,
  ComputeService,
  ComputeSystem,
  ComputeSystemDocument,
  InitAttachment,
  SystemState,
} from "../../src/hcs/compute-service.ts";
import { isAlreadyExists, isAlreadyStopped, isNotExist } from "../../src/hcs/results.ts";
import type { OciProcess } from "../../src/schema/oci.ts";
import type { TestConfig } from "../support/test-bundle.ts";
import type { TestRunner } from "./test-runner.ts";

/** The host that a service runs on, as far as the contract has to look behind the service's back. */
export interface ContractHost {
  /** Opens the service; each call gives another object that works on the same systems. */
  open(): Promise<ComputeService>;
  /** Gives an id that no other system has. */
  newId(): string;
  /** Exit code of a process that SIGKILL has ended. */
  killedCode: number;
  /** Makes the document of a container that runs a shell script. No file holds its configuration. */
  document(script: string, change?: (config: TestConfig) => void): ComputeSystemDocument;
  /** Makes a process that runs a shell script. */
  process(script: string): OciProcess;
  /** Gives a path that does not exist yet, of a file on the host. */
  newPath(): string;
  /** Reads a file of the host. @returns undefined if there is none */
  readFile(path: string): string | undefined;
  /** Reads a file of the containers' root file system. @returns undefined if there is none */
  readContainerFile(path: string): string | undefined;
  /** The memory limit, in digits, that the kernel enforces on a process. */
  memoryLimit(pid: number): Promise<string>;
  /** Cuts short or removes a part of what the service keeps of a system, as the death of a call would. */
  damage(id: string, damage: Damage): Promise<void>;
  /** Everything of the systems that is still on the host, each in words. */
  leftovers(): string[];
  /** Removes what the host itself has made. */
  close(): void;
}

/** What a call or a process of the service that was killed may leave behind, by the host. */
const DAMAGES = {
  Linux: ["no record", "record cut short", "nothing of the executor"],
  Windows: ["no shim", "no shim of a running system"],
} as const;
export type Damage = (typeof DAMAGES)["Linux" | "Windows"][number];

const DETACHED: InitAttachment = { preserveFds: 0, detached: true, noPivot: false, noNewKeyring: false };
const ATTACHED: InitAttachment = { ...DETACHED, detached: false };
const UNTIL_KILLED = "trap 'exit 0' TERM; while :; do sleep 0.02; done";
const SIGKILL = 9;
const SIGTERM = 15;

/** Declares the contract's tests. */
export function describeComputeService(
  name: string,
  { describe, test, expect, beforeAll, afterAll }: TestRunner,
  openHost: () => Promise<ContractHost>,
  os: "Linux" | "Windows" = "Linux",
): void {
  /** What concerns kernels, file systems and documents of Linux, or looks into a container's files. */
  const onLinux = (declare: () => void): void => {
    if (os === "Linux") declare();
  };

  describe(`a compute service on ${name}`, () => {
    let host: ContractHost;
    let service: ComputeService;

    beforeAll(async () => {
      host = await openHost();
      service = await host.open();
    });

    afterAll(async () => {
      for (const id of await service.enumerateSystems()) await (await service.openSystem(id)).terminate();
      expect(await remains("")).toEqual([]);
      host.close();
    });

    /** Makes a system for one test and removes it afterwards. */
    async function withSystem(
      script: string,
      act: (system: ComputeSystem, id: string) => Promise<void>,
      change?: (config: TestConfig) => void,
    ): Promise<void> {
      const id = host.newId();
      const system = await service.createSystem(id, host.document(script, change), DETACHED);
      try {
        await act(system, id);
      } finally {
        await system.terminate();
      }
    }

    async function withRunningSystem(
      act: (system: ComputeSystem, id: string) => Promise<void>,
    ): Promise<void> {
      await withSystem(UNTIL_KILLED, async (system, id) => {
        await system.start();
        await act(system, id);
      });
    }

    async function failureOf(act: () => Promise<unknown>): Promise<unknown> {
      let result: unknown;
      try {
        result = await act();
      } catch (error) {
        return error;
      }
      throw new Error(`It did not fail, and gave ${String(result)}`);
    }

    async function stateOf(system: ComputeSystem): Promise<SystemState> {
      return (await system.properties()).State;
    }

    async function exec(system: ComputeSystem, script: string, changes: Partial<Attachment> = {}) {
      const attachment = { preserveFds: 0, detached: false, ...changes };
      return system.createProcess({ OciProcess: host.process(script) }, attachment);
    }

    async function exitCodeOf(process: ComputeProcess): Promise<number> {
      return process.wait();
    }

    describe("makes a system", () => {
      test("from a document alone", async () => {
        await withSystem(UNTIL_KILLED, async (system, id) => {
          expect(system.id).toBe(id);
          const { Id, RuntimeOsType, State, ProcessId } = await system.properties();
          expect({ Id, RuntimeOsType, State }).toEqual({ Id: id, RuntimeOsType: os, State: "Created" });
          expect(ProcessId).toBeGreaterThan(0);
        });
      });

      onLinux(() =>
        test("whose program waits for start", async () => {
          const path = "/out/waits-for-start";
          await withSystem(`echo started > ${path}; ${UNTIL_KILLED}`, async (system) => {
            await pause(50);
            expect(host.readContainerFile(path)).toBe(undefined);
            await system.start();
            await until(async () => host.readContainerFile(path) === "started\n");
          });
        }),
      );

      test("that goes from Created through Running and Paused to Stopped", async () => {
        await withSystem(UNTIL_KILLED, async (system) => {
          const states = [await stateOf(system)];
          const pid = (await system.properties()).ProcessId;
          for (const step of ["start", "pause", "resume"] as const) {
            await system[step]();
            states.push(await stateOf(system));
            expect((await system.properties()).ProcessId).toBe(pid);
          }
          await (await system.openInitProcess()).signal({ Signal: SIGKILL });
          await until(async () => (await stateOf(system)) === "Stopped");
          expect(states).toEqual(["Created", "Running", "Paused", "Running"]);
          expect((await system.properties()).ProcessId).toBe(0);
        });
      });

      test("that stops by itself when its program ends", async () => {
        await withSystem("exit 3", async (system) => {
          await system.start();
          await until(async () => (await stateOf(system)) === "Stopped");
          expect((await system.properties(["ProcessList", "Metrics"])).ProcessId).toBe(0);
        });
      });

      test("with a pid file that holds the init process's pid and nothing else", async () => {
        const id = host.newId();
        const pidFile = host.newPath();
        const system = await service.createSystem(id, host.document(UNTIL_KILLED), { ...DETACHED, pidFile });
        const { ProcessId } = await system.properties();
        await system.terminate();
        expect(host.readFile(pidFile)).toBe(String(ProcessId));
      });

      test("only once under one id", async () => {
        await withRunningSystem(async (system, id) => {
          const document = host.document("true");
          for (const make of [
            () => service.createSystem(id, document, DETACHED),
            () => service.runSystem(id, document, ATTACHED),
          ]) {
            const error = await failureOf(make);
            expect(isAlreadyExists(error)).toBe(true);
            expect(messageOf(error)).toMatch(/already exists/);
          }
          expect(await stateOf(system)).toBe("Running");
        });
      });

      onLinux(() =>
        test("for exactly one of two who ask at once", async () => {
          const id = host.newId();
          const other = await host.open();
          const outcomes = await Promise.allSettled(
            [service, other].map((own) => own.createSystem(id, host.document(UNTIL_KILLED), DETACHED)),
          );
          const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
          expect(lost.map((error: unknown) => isAlreadyExists(error))).toEqual([true]);
          const system = await service.openSystem(id);
          expect(await stateOf(system)).toBe("Created");
          await system.terminate();
        }),
      );
    });

    describe("runs a system", () => {
      const codes: [string, number][] = [
        ["true", 0],
        ["exit 1", 1],
        ["exit 42", 42],
        ["exit 127", 127],
        ["exit 255", 255],
        ["kill -9 $$; sleep 5", 137],
        ["kill -15 $$; sleep 5", 143],
      ];
      for (const [script, code] of codes.filter(([text]) => os === "Linux" || !text.startsWith("kill"))) {
        test(`attached: \`${script}\` gives ${code}, and nothing of it stays`, async () => {
          const id = host.newId();
          const change = (config: TestConfig): void => {
            // As process 1 of a pid namespace a program cannot kill itself.
            if (!script.startsWith("kill")) return;
            config.linux.namespaces = config.linux.namespaces?.filter(({ type }) => type !== "pid") ?? [];
          };
          expect(await service.runSystem(id, host.document(script, change), ATTACHED)).toBe(code);
          expect(isNotExist(await failureOf(() => service.openSystem(id)))).toBe(true);
        });
      }

      test("detached: it returns at once and the system runs on", async () => {
        const id = host.newId();
        const pidFile = host.newPath();
        expect(await service.runSystem(id, host.document(UNTIL_KILLED), { ...DETACHED, pidFile })).toBe(0);
        const system = await service.openSystem(id);
        const { State, ProcessId } = await system.properties();
        expect(State).toBe("Running");
        expect(host.readFile(pidFile)).toBe(String(ProcessId));
        await system.terminate();
      });

      test("attached: its pid file is written while it runs", async () => {
        const id = host.newId();
        const pidFile = host.newPath();
        const ended = service.runSystem(id, host.document(UNTIL_KILLED), { ...ATTACHED, pidFile });
        await until(async () => host.readFile(pidFile) !== undefined);
        const system = await service.openSystem(id);
        expect(host.readFile(pidFile)).toBe(String((await system.properties()).ProcessId));
        await until(async () => (await stateOf(system)) === "Running");
        await (await system.openInitProcess()).signal({ Signal: SIGKILL });
        expect(await ended).toBe(host.killedCode);
      });
    });

    onLinux(() =>
      describe("refuses a program that is not there, and leaves nothing behind:", () => {
        const programs: [string, string, RegExp][] = [
          ["a name", "no-such-program", /exec: "no-such-program": executable file not found in \$PATH/],
          ["a path", "/no/such", /exec: "\/no\/such": stat \/no\/such: no such file or directory/],
          ["a folder", "/bin", /exec: "\/bin": permission denied/],
        ];
        for (const [kind, program, phrase] of programs) {
          test(`${kind} as a system's program`, async () => {
            const id = host.newId();
            const document = host.document("", (config) => (config.process.args = [program]));
            for (const make of [
              () => service.createSystem(id, document, DETACHED),
              () => service.runSystem(id, document, ATTACHED),
            ]) {
              const error = await failureOf(make);
              expect(error instanceof ProcessError).toBe(true);
              expect(messageOf(error)).toMatch(phrase);
              expect(isNotExist(await failureOf(() => service.openSystem(id)))).toBe(true);
            }
          });

          test(`${kind} as a further process`, async () => {
            await withRunningSystem(async (system) => {
              const OciProcess = { ...host.process(""), args: [program] };
              for (const detached of [true, false]) {
                const error = await failureOf(async () => {
                  const process = await system.createProcess({ OciProcess }, { preserveFds: 0, detached });
                  return process.wait();
                });
                expect(error instanceof ProcessError).toBe(true);
                expect(messageOf(error)).toMatch(phrase);
              }
              expect(await stateOf(system)).toBe("Running");
            });
          });
        }
      }),
    );

    describe("creates a process", () => {
      test("attached, and gives its exit code", async () => {
        await withRunningSystem(async (system) => {
          for (const code of [0, 1, 42, 127, 255]) {
            expect(await exitCodeOf(await exec(system, `exit ${code}`))).toBe(code);
          }
          for (const signal of os === "Linux" ? [SIGTERM, SIGKILL] : []) {
            expect(await exitCodeOf(await exec(system, `kill -${signal} $$; sleep 5`))).toBe(128 + signal);
          }
        });
      });

      test("attached, two at once, each with its own exit code and program", async () => {
        await withRunningSystem(async (system) => {
          const codes = await Promise.all(
            [11, 12].map(async (code) => exitCodeOf(await exec(system, `sleep 0.1; exit ${code}`))),
          );
          expect(codes).toEqual([11, 12]);
        });
      });

      test("detached, with a pid file, in the system", async () => {
        await withRunningSystem(async (system) => {
          const pidFile = host.newPath();
          const process = await exec(system, UNTIL_KILLED, { detached: true, pidFile });
          expect(host.readFile(pidFile)).toBe(String(process.pid));
          const { ProcessList = [], ProcessId } = await system.properties(["ProcessList"]);
          expect(ProcessList.length).toBeGreaterThan(1);
          // On Windows the list holds pids of the system, not those of the host.
          if (os === "Linux") for (const pid of [process.pid, ProcessId]) expect(ProcessList).toContain(pid);
          await process.signal({ Signal: SIGKILL });
          await until(async () => {
            const later = await system.properties(["ProcessList"]);
            return os === "Linux"
              ? later.ProcessList?.includes(process.pid) === false
              : later.ProcessList?.length === 1;
          });
          expect(isAlreadyStopped(await failureOf(() => process.signal({ Signal: SIGTERM })))).toBe(true);
          // A shim ends a little later than its process.
          await until(() => system.openProcess(process.pid).then(() => false, isNotExist));
        });
      });

      onLinux(() =>
        test("with the environment, folder and user asked for", async () => {
          await withRunningSystem(async (system) => {
            const OciProcess: OciProcess = {
              ...host.process('echo "$PWD $(id -u):$(id -g) $WORD" > /out/asked-for'),
              env: ["PATH=/bin", "WORD=a b"],
              cwd: "/out",
              user: { uid: 5, gid: 6 },
            };
            const process = await system.createProcess({ OciProcess }, { preserveFds: 0, detached: false });
            expect(await exitCodeOf(process)).toBe(0);
            expect(host.readContainerFile("/out/asked-for")).toBe("/out 5:6 a b\n");
          });
        }),
      );
    });

    describe("signals", () => {
      onLinux(() =>
        test("the init process, which may handle it", async () => {
          const script = `trap 'echo caught > /out/caught; exit 0' USR1; echo ready > /out/ready; ${UNTIL_KILLED}`;
          await withSystem(script, async (system) => {
            await system.start();
            await until(async () => host.readContainerFile("/out/ready") === "ready\n");
            const init = await system.openInitProcess();
            expect(init.pid).toBe((await system.properties()).ProcessId);
            await init.signal({ Signal: 10 });
            await until(async () => (await stateOf(system)) === "Stopped");
            expect(host.readContainerFile("/out/caught")).toBe("caught\n");
          });
        }),
      );

      test("nothing once the system has stopped", async () => {
        await withRunningSystem(async (system) => {
          const init = await system.openInitProcess();
          await init.signal({ Signal: SIGKILL });
          await init.wait();
          await until(async () => (await stateOf(system)) === "Stopped");
          const error = await failureOf(() => init.signal({ Signal: SIGTERM }));
          expect(isAlreadyStopped(error)).toBe(true);
          expect(messageOf(error)).toMatch(/container not running/);
          expect(isAlreadyStopped(await failureOf(() => system.openInitProcess()))).toBe(true);
        });
      });

      test("every process of the system", async () => {
        await withRunningSystem(async (system) => {
          const process = await exec(system, "sleep 100", { detached: true });
          await system.signalAll({ Signal: SIGKILL });
          await until(async () => (await stateOf(system)) === "Stopped");
          expect(isAlreadyStopped(await failureOf(() => process.signal({ Signal: SIGTERM })))).toBe(true);
        });
      });

      test("a paused system, which SIGKILL ends", async () => {
        await withRunningSystem(async (system) => {
          await system.pause();
          await (await system.openInitProcess()).signal({ Signal: SIGKILL });
          await until(async () => (await stateOf(system)) === "Stopped");
        });
      });
    });

    onLinux(() =>
      test("pauses: nothing moves until it resumes", async () => {
        const count = (): number => (host.readContainerFile("/out/count") ?? "").length;
        await withSystem("while :; do printf x >> /out/count; sleep 0.01; done", async (system) => {
          await system.start();
          await until(async () => count() > 0);
          await system.pause();
          const paused = count();
          await pause(100);
          expect(count()).toBe(paused);
          await system.resume();
          await until(async () => count() > paused);
        });
      }),
    );

    onLinux(() =>
      describe("limits", () => {
        test("memory, and changes the limit of a running system", async () => {
          const change = (config: TestConfig): void => {
            config.linux.resources = { memory: { limit: 33554432 } };
          };
          await withSystem(
            UNTIL_KILLED,
            async (system) => {
              const { ProcessId } = await system.properties();
              expect(await host.memoryLimit(ProcessId)).toBe("33554432");
              await system.start();
              const Settings = { memory: { limit: 67108864 } };
              await system.modify({ ResourcePath: "Container/Resources", RequestType: "Update", Settings });
              expect(await host.memoryLimit(ProcessId)).toBe("67108864");
            },
            change,
          );
        });

        test("digit for digit beyond what a double can hold", async () => {
          // A double prints the first as ...396000, and the kernel would cut that to another page.
          const [created, updated] = [4611686018427396096n, 4611686018427404288n];
          const change = (config: TestConfig): void => {
            config.linux.resources = { memory: { limit: created } };
            config.process.rlimits = [
              { type: "RLIMIT_FSIZE", soft: 9007199254740993n, hard: 18446744073709551615n },
            ];
          };
          await withSystem(
            `cat /proc/self/limits > /out/limits; ${UNTIL_KILLED}`,
            async (system) => {
              const { ProcessId } = await system.properties();
              expect(await host.memoryLimit(ProcessId)).toBe(String(created));
              const Settings = { memory: { limit: updated } };
              await system.modify({ ResourcePath: "Container/Resources", RequestType: "Update", Settings });
              expect(await host.memoryLimit(ProcessId)).toBe(String(updated));
              await system.start();
              await until(async () => /Max file size.*\n/.test(host.readContainerFile("/out/limits") ?? ""));
              expect(host.readContainerFile("/out/limits") ?? "").toMatch(
                /^Max file size +9007199254740993 +unlimited +bytes/m,
              );
            },
            change,
          );
        });
      }),
    );

    onLinux(() =>
      test("tells what a system uses", async () => {
        await withRunningSystem(async (system) => {
          const { Metrics = {} } = await system.properties(["Metrics"]);
          expect(Object.keys(Metrics)).toContain("memory");
          expect(Object.keys(Metrics)).toContain("cpu");
        });
      }),
    );

    test("notifies of a system's end, and then no more", async () => {
      await withRunningSystem(async (system) => {
        const seen: string[] = [];
        const watch = (async () => {
          for await (const { Type } of system.notifications(new AbortController().signal)) seen.push(Type);
        })();
        await (await system.openInitProcess()).signal({ Signal: SIGKILL });
        await watch;
        expect(seen).toEqual(["SystemExited"]);
      });
    });

    describe("finds", () => {
      test("all systems, those that have stopped too", async () => {
        await withSystem("true", async (stopped, stoppedId) => {
          await stopped.start();
          await withRunningSystem(async (_, id) => {
            const ids = await service.enumerateSystems();
            expect(ids).toContain(id);
            expect(ids).toContain(stoppedId);
          });
        });
      });

      test("a system through another object of the service", async () => {
        await withRunningSystem(async (_, id) => {
          const other = await (await host.open()).openSystem(id);
          expect(await stateOf(other)).toBe("Running");
        });
      });

      test("nothing under an unknown id", async () => {
        const error = await failureOf(() => service.openSystem(host.newId()));
        expect(isNotExist(error)).toBe(true);
        expect(messageOf(error)).toMatch(/does not exist/);
      });
    });

    describe("terminates", () => {
      test("a running system with all its processes", async () => {
        const id = host.newId();
        const system = await service.createSystem(id, host.document("sleep 100 & sleep 100"), DETACHED);
        await system.start();
        await exec(system, "sleep 100", { detached: true });
        await system.terminate();
        await gone(id);
      });

      test("a created, a paused and a stopped one, and each a second time", async () => {
        const steps: (readonly ("start" | "pause")[])[] = [[], ["start", "pause"], ["start"]];
        for (const [at, script] of ["sleep 9", "sleep 9", "true"].entries()) {
          const id = host.newId();
          const system = await service.createSystem(id, host.document(script), DETACHED);
          for (const step of steps[at] ?? []) await system[step]();
          await system.terminate();
          await system.terminate();
          await gone(id);
        }
      });

      for (const damage of DAMAGES[os]) {
        test(`what a killed call has left: ${damage}`, async () => {
          const id = host.newId();
          await service.createSystem(id, host.document(UNTIL_KILLED), DETACHED);
          await host.damage(id, damage);
          expect(await service.enumerateSystems()).toContain(id);
          await (await service.openSystem(id)).terminate();
          await gone(id);
        });
      }
    });

    async function gone(id: string): Promise<void> {
      expect(isNotExist(await failureOf(() => service.openSystem(id)))).toBe(true);
      expect(await remains(id)).toEqual([]);
    }

    /** What stays of systems; the kernel takes its time with the last steps of a process. */
    async function remains(id: string): Promise<string[]> {
      const find = (): string[] => host.leftovers().filter((text) => text.includes(id));
      for (let poll = 0; poll < 100 && find().length > 0; poll++) await pause(10);
      return find();
    }
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for something that the kernel or a container does in its own time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${holds.toString()}`);
    await pause(5);
  }
}
