// What the program tells and leaves when the service fails, ends or never answers, in every command.
import * as fs from "node:fs";
import { join } from "node:path";
import type { TestRunner } from "../contract/test-runner.ts";
import { finish, type CallResult, type CommandLine, type CommandLineTests } from "./command-line.ts";
import { sleep, until } from "./measure.ts";
import { isRunning } from "./processes.ts";

/** A result that nothing gives by itself, and how it is told. */
const NO_RESOURCES = 0x8007_05aa | 0;
const TOLD = "the host has no resources left \\(ERROR_NO_SYSTEM_RESOURCES 0x800705AA\\)";
/** Until a call of the service is made that was ordered to wait, and as long as it does. In milliseconds. */
const DELAY = 1500;
/** As long as a call takes that is given up before it returns. */
const HANG = 15_000;
/** Every wait that a test lets run out is short. */
const SHORT = { RUNHCS_TIMEOUT_EXITCHECK: "1" };

/** What opens a system, in a call that asks for its properties. */
const QUERY: Failing[] = [
  ["HcsOpenComputeSystem", "open"],
  ["HcsRegisterComputeSystemCallback", "(watch|wait for|open)"],
  ["HcsGetComputeSystemProperties", "query"],
];
/** What makes a container. */
const CREATE: Failing[] = [
  ["NameToGuid", "name layer"],
  ["HcsCreateComputeSystem", "create"],
  ["HcsRegisterComputeSystemCallback", "(watch|wait for|create)"],
  ["HcsGetComputeSystemProperties", "query"],
  ["HcsOpenComputeSystem", "open"],
];
const START: Failing[] = [
  ["HcsStartComputeSystem", "start"],
  ["HcsCreateProcess", "create process in"],
  ["HcsRegisterProcessCallback", "wait for process \\d+ of"],
];

/** A function that fails once, and what the program says that it could not do. */
type Failing = readonly [name: string, action: string];

/** A command, and the functions that it calls. */
interface Trial {
  name: string;
  /** What has to be there. */
  prepare?: (place: CommandLine) => Promise<void>;
  /** BUNDLE, PROGRAM, BASE, SCRATCH and NEW stand for paths. */
  words: string[];
  calls: readonly Failing[];
  code?: number;
  /** Whether the call is made again, and has to succeed. */
  repeat?: boolean;
  /** What the failures must not leave. */
  verify?: (place: CommandLine) => Promise<void>;
}

const run = (place: CommandLine, ...words: string[]): Promise<string> =>
  place.ok("run", "--detach", "--bundle", place.bundle(["silent"]), ...words, "web");
const mount = async (place: CommandLine): Promise<void> => {
  await place.ok("layer", "mount", "-l", layerOf(place, "base"), layerOf(place, "scratch"));
};

const TRIALS: Trial[] = [
  {
    name: "resume",
    prepare: async (place) => {
      await run(place);
      await place.ok("pause", "web");
    },
    words: ["resume", "web"],
    calls: [...QUERY, ["HcsResumeComputeSystem", "resume"]],
    repeat: true,
  },
  {
    name: "resize-tty",
    prepare: async (place) => {
      const bundle = place.bundle(["silent"], {}, { terminal: true });
      await place.ok("run", "--detach", "--bundle", bundle, "web");
    },
    words: ["resize-tty", "web", "120", "40"],
    calls: [
      ...QUERY,
      ["HcsOpenProcess", "open process \\d+ of"],
      ["HcsRegisterProcessCallback", "wait for process \\d+ of"],
      ["HcsModifyProcess", "modify process \\d+ of"],
    ],
    repeat: true,
  },
  {
    name: "list --all",
    words: ["list", "--all"],
    calls: [["HcsEnumerateComputeSystems", "list compute systems"]],
    repeat: true,
  },
  {
    name: "run --detach",
    words: ["run", "--detach", "--bundle", "BUNDLE", "web"],
    calls: [...CREATE, ...START],
    verify: absent,
  },
  {
    name: "run",
    words: ["run", "--bundle", "BUNDLE", "web"],
    calls: [...CREATE, ...START],
    verify: absent,
  },
  {
    name: "exec",
    prepare: async (place) => void (await run(place)),
    words: ["exec", "web", "PROGRAM", "exit", "0"],
    calls: [
      ...QUERY,
      ["HcsCreateProcess", "create process in"],
      ["HcsRegisterProcessCallback", "wait for process \\d+ of"],
    ],
    code: 255,
    repeat: true,
  },
  {
    name: "kill --all",
    prepare: async (place) => void (await run(place)),
    words: ["kill", "--all", "web", "KILL"],
    calls: [
      ...QUERY,
      ["HcsOpenProcess", "open process \\d+ of"],
      ["HcsRegisterProcessCallback", "wait for process \\d+ of"],
      ["HcsTerminateProcess", "kill process \\d+ of"],
    ],
    repeat: true,
  },
  {
    name: "layer mount",
    words: ["layer", "mount", "-l", "BASE", "SCRATCH"],
    calls: [
      ["ActivateLayer", "mount layer"],
      ["NameToGuid", "name layer"],
      ["PrepareLayer", "mount layer"],
      ["GetLayerMountPath", "find layer"],
    ],
    verify: async (place) => {
      if (place.double.counts().Layers > 0) throw new Error("a layer is still mounted");
    },
  },
  {
    name: "layer unmount",
    prepare: mount,
    words: ["layer", "unmount", "SCRATCH"],
    calls: [
      ["UnprepareLayer", "unmount layer"],
      ["DeactivateLayer", "unmount layer"],
    ],
    repeat: true,
  },
  {
    name: "layer create",
    words: ["layer", "create", "-l", "BASE", "NEW"],
    calls: [
      ["NameToGuid", "name layer"],
      ["CreateSandboxLayer", "create layer"],
    ],
    verify: noNewLayer,
  },
  {
    name: "layer create --sizeGB",
    words: ["layer", "create", "--sizeGB", "21", "-l", "BASE", "NEW"],
    calls: [["ExpandSandboxSize", "enlarge layer"]],
    verify: noNewLayer,
  },
  {
    name: "layer expand",
    words: ["layer", "expand", "--sizeGB", "1", "SCRATCH"],
    calls: [["ExpandSandboxSize", "enlarge layer"]],
  },
  {
    name: "layer remove",
    words: ["layer", "remove", "BASE"],
    calls: [["DestroyLayer", "remove layer"]],
    repeat: true,
  },
];

async function absent(place: CommandLine): Promise<void> {
  const { stderr } = await place.call(["state", "web"]);
  if (!stderr.includes("does not exist")) throw new Error(`the container is still there: ${stderr}`);
}

async function noNewLayer(place: CommandLine): Promise<void> {
  if (fs.existsSync(join(place.folder, "new"))) throw new Error("the new layer is still there");
}

/** A layer of its own for each test. */
function layerOf(place: CommandLine, name: "base" | "scratch"): string {
  const path = join(place.folder, name);
  fs.mkdirSync(join(path, "Files"), { recursive: true });
  if (name === "scratch") fs.writeFileSync(join(path, "sandbox.vhdx"), "vhdxfile");
  return path;
}

/** Puts paths of the place for what stands for them. */
function wordsFor(place: CommandLine, words: readonly string[]): string[] {
  const paths: Record<string, () => string> = {
    BUNDLE: () => place.bundle(["silent"]),
    PROGRAM: () => place.program,
    BASE: () => layerOf(place, "base"),
    SCRATCH: () => layerOf(place, "scratch"),
    NEW: () => join(place.folder, "new"),
  };
  return words.map((word) => paths[word]?.() ?? word);
}

/** A moment at which the service ends: a call of a command is under way, or none. */
interface Death {
  name: string;
  prepare: (place: CommandLine) => Promise<void>;
  words: string[];
  /** The function whose call is under way; without one, the service has ended before. */
  during?: string;
  code?: number;
}

const created = async (place: CommandLine): Promise<void> => {
  await place.ok("create", "--bundle", place.bundle(["silent"]), "web");
};
const running = async (place: CommandLine): Promise<void> => void (await run(place));
const stopped = async (place: CommandLine): Promise<void> => {
  await run(place);
  const shim = await place.shim("web");
  await place.ok("kill", "web", "KILL");
  await until(() => !isRunning(shim), 20_000);
};
const nothing = async (): Promise<void> => undefined;

const CREATING = ["create", "--bundle", "BUNDLE", "web"];
const DEATHS: Death[] = [
  { name: "created", prepare: nothing, words: CREATING, during: "HcsCreateComputeSystem" },
  {
    name: "created and watched",
    prepare: nothing,
    words: CREATING,
    during: "HcsRegisterComputeSystemCallback",
  },
  { name: "created and given a shim", prepare: nothing, words: CREATING, during: "HcsOpenComputeSystem" },
  { name: "started", prepare: created, words: ["start", "web"], during: "HcsStartComputeSystem" },
  { name: "given its process", prepare: created, words: ["start", "web"], during: "HcsCreateProcess" },
  {
    name: "run in the foreground",
    prepare: nothing,
    words: ["run", "--bundle", "BUNDLE", "web"],
    during: "HcsCreateProcess",
  },
  {
    name: "given a further process",
    prepare: running,
    words: ["exec", "web", "PROGRAM", "silent"],
    during: "HcsCreateProcess",
    code: 255,
  },
  { name: "waiting for its start", prepare: created, words: ["start", "web"] },
  { name: "running", prepare: running, words: ["state", "web"] },
  { name: "running", prepare: running, words: ["kill", "web", "KILL"] },
  { name: "killed", prepare: running, words: ["kill", "web", "KILL"], during: "HcsTerminateProcess" },
  { name: "paused", prepare: running, words: ["pause", "web"], during: "HcsPauseComputeSystem" },
  {
    name: "deleted",
    prepare: running,
    words: ["delete", "--force", "web"],
    during: "HcsTerminateComputeSystem",
  },
];

/** A notification that is lost, and what the command that needs it says. */
interface Loss {
  lost: string;
  prepare: (place: CommandLine) => Promise<void>;
  words: string[];
  variable: string;
  text: RegExp;
  /** Of the container after it. */
  status?: string;
}

const LOSSES: Loss[] = [
  {
    lost: "Create",
    prepare: nothing,
    words: CREATING,
    variable: "SYSTEMCREATE",
    text: /^Cannot create "web": the operation did not complete in time \(HCS_E_OPERATION_TIMEOUT 0x80370118\)$/,
  },
  {
    lost: "Start",
    prepare: created,
    words: ["start", "web"],
    variable: "SYSTEMSTART",
    text: /^Cannot start "web": the operation did not complete in time/,
    status: "stopped",
  },
  {
    lost: "Start",
    prepare: nothing,
    words: ["run", "--bundle", "BUNDLE", "web"],
    variable: "SYSTEMSTART",
    text: /^Cannot start "web": the operation did not complete in time/,
  },
  {
    lost: "Pause",
    prepare: running,
    words: ["pause", "web"],
    variable: "SYSTEMPAUSE",
    text: /^Cannot pause "web": the operation did not complete in time/,
  },
  {
    lost: "Resume",
    prepare: async (place) => {
      await run(place);
      await place.ok("pause", "web");
    },
    words: ["resume", "web"],
    variable: "SYSTEMRESUME",
    text: /^Cannot resume "web": the operation did not complete in time/,
  },
];

/** Declares the tests. */
export function describeFaults(
  { describe, expect }: TestRunner,
  { inRoot, refused }: CommandLineTests,
): void {
  describe("runhcs on Windows, when a function fails,", () => {
    for (const { name, prepare, words, calls, code = 1, repeat = false, verify } of TRIALS)
      inRoot(`tells in one line why ${name} failed, and leaves nothing`, async (place) => {
        await prepare?.(place);
        for (const [call, action] of calls) {
          place.double.control({ Function: call, Result: NO_RESOURCES });
          const object = call === "HcsEnumerateComputeSystems" ? "" : ' "[^"]+"';
          await refused(place, wordsFor(place, words), new RegExp(`^Cannot ${action}${object}: ${TOLD}$`), {
            code,
          });
          await verify?.(place);
          place.double.control({ Forget: true });
        }
        if (repeat) await place.ok(...wordsFor(place, words));
        await place.ok("delete", "--force", "web");
      });

    inRoot("lists what it can, and tells why it cannot list the rest", async (place) => {
      await run(place);
      for (const [call, action] of QUERY) {
        await place.ok("create", "--bundle", place.bundle(["silent"]), "other");
        place.double.control({ Function: call, Result: NO_RESOURCES });
        const { code, stdout, stderr } = await place.call(["list", "--quiet"]);
        expect([code, stdout]).toEqual([0, "web\n"]);
        expect(stderr.trimEnd()).toMatch(new RegExp(`Cannot ${action} "other": ${TOLD}$`));
        expect(stderr.trimEnd().split("\n").length).toBe(1);
        await place.ok("delete", "other");
      }
      await place.ok("delete", "--force", "web");
    });
  });

  describe("runhcs on Windows, when the service ends,", () => {
    /** What is told, and that all processes of runhcs have ended. */
    const expectEnd = async (place: CommandLine, call: Promise<CallResult>, code: number): Promise<void> => {
      const { code: found, stdout, stderr } = await call;
      expect([found, stdout, stderr.trimEnd().split("\n").length]).toEqual([code, "", 1]);
      expect(stderr.trimEnd()).toMatch(
        /^Cannot .*(RPC_S_SERVER_UNAVAILABLE|HCS_E_SERVICE_DISCONNECT|lost the service|that has stopped)/,
      );
      await until(() => place.calls().length === 0, 20_000);
    };
    const recover = async (place: CommandLine): Promise<void> => {
      place.double.control({ Dead: false });
      await place.ok("delete", "--force", "web");
      expect(await place.ok("gc")).toBe("");
    };

    for (const { name, prepare, words, during, code = 1 } of DEATHS)
      inRoot(`tells so while a container is ${name}, and cleans up once it is back`, async (place) => {
        await prepare(place);
        const line = wordsFor(place, words);
        if (during === undefined) {
          place.double.control({ Dead: true });
          await until(() => place.calls().length === 0, 20_000);
          await expectEnd(place, place.call(line), code);
        } else {
          place.double.control({ Function: during, DelayMs: DELAY });
          const call = finish(place.start(line), undefined, line);
          await until(() => place.double.counts().Delayed > 0, 20_000);
          place.double.control({ Dead: true });
          await expectEnd(place, call, code);
        }
        await recover(place);
      });

    for (const [name, words, code] of [
      ["run", ["run", "--bundle", "BUNDLE", "web"], 1],
      ["exec", ["exec", "web", "PROGRAM", "silent"], 255],
    ] as const)
      inRoot(`tells so whoever waits for the end of what ${name} has started`, async (place) => {
        if (name === "exec") await running(place);
        const before = place.double.counts().Processes;
        const line = wordsFor(place, words);
        const call = finish(place.start(line), undefined, line);
        await until(() => place.double.counts().Processes > before, 20_000);
        await sleep(1000);
        place.double.control({ Dead: true });
        await expectEnd(place, call, code);
        await recover(place);
      });

    inRoot("tells what has stopped before, and removes it, which needs no service", async (place) => {
      await stopped(place);
      place.double.control({ Dead: true });
      expect(await place.status("web")).toBe("stopped");
      expect(JSON.parse(await place.ok("ps", "--format", "json", "web"))).toEqual([]);
      await expectEnd(place, place.call(["list", "--all"]), 1);
      await place.ok("delete", "web");
      place.double.control({ Dead: false });
      expect(await place.ok("gc")).toBe("");
    });
  });

  describe("runhcs on Windows, when a shim is killed,", () => {
    for (const [name, words, code] of [
      ["run", ["run", "--bundle", "BUNDLE", "web"], 1],
      ["exec", ["exec", "web", "PROGRAM", "silent"], 255],
    ] as const)
      inRoot(`tells whoever waits for the end of what ${name} has started`, async (place) => {
        if (name === "exec") await running(place);
        const before = place.double.counts().Processes;
        const others = place.calls();
        const line = wordsFor(place, words);
        const call = place.start(line);
        const end = finish(call, undefined, line);
        await until(() => place.double.counts().Processes > before, 20_000);
        await sleep(1000);
        const shims = place.calls().filter((pid) => pid !== call.pid && !others.includes(pid));
        expect(shims.length).toBe(1);
        process.kill(shims[0] ?? 0, "SIGKILL");
        const { code: found, stderr } = await end;
        expect([found, stderr.trimEnd().split("\n").length]).toEqual([code, 1]);
        expect(stderr).toMatch(
          /^Cannot tell the exit code of (process \d+ of )?container "web": its shim was killed/,
        );
        await place.ok("delete", "--force", "web");
        expect(await place.ok("gc")).toBe("");
      });
  });

  describe("runhcs on Windows, when a call is killed,", () => {
    for (const [name, words, moment] of [
      ["run", ["run", "--bundle", "BUNDLE", "web"], "follows"],
      ["exec", ["exec", "web", "PROGRAM", "silent"], "follows"],
      ["create", CREATING, "HcsOpenComputeSystem"],
      ["exec", ["exec", "web", "PROGRAM", "silent"], "HcsCreateProcess"],
    ] as const)
      inRoot(`leaves no shim that delete does not end: ${name}, ${moment}`, async (place) => {
        if (name === "exec") await running(place);
        const before = place.double.counts().Processes;
        if (moment !== "follows") place.double.control({ Function: moment, DelayMs: DELAY });
        const line = wordsFor(place, words);
        const call = place.start(line);
        const end = finish(call, undefined, line);
        const isThere = (): boolean => {
          const { Processes, Delayed } = place.double.counts();
          return moment === "follows" ? Processes > before : Delayed > 0;
        };
        await until(isThere, 20_000);
        call.kill("SIGKILL");
        await end;
        await place.ok("delete", "--force", "web");
        expect(await place.ok("gc")).toBe("");
      });
  });

  describe("runhcs on Windows, when a container is forgotten,", () => {
    inRoot("ends a process of exec that nobody could find any more", async (place) => {
      await running(place);
      const shim = await place.shim("web");
      place.double.control({ Function: "HcsRegisterProcessCallback", DelayMs: DELAY });
      const line = ["exec", "web", place.program, "silent"];
      const end = finish(place.start(line), undefined, line);
      await until(() => place.double.counts().Processes === 2, 20_000);
      place.keys.removeKey("web");
      const { code, stderr } = await end;
      expect([code, stderr.startsWith('Cannot keep the state of "web"')]).toEqual([255, true]);
      await until(() => place.double.counts().Processes === 1);
      process.kill(shim, "SIGKILL");
    });
  });

  describe("runhcs on Windows, when a function does not return,", () => {
    const waits = ["SYSCALLWATCHER", "SYSTEMCREATE", "CLOSE"];
    const env = Object.fromEntries(waits.map((name) => [`RUNHCS_TIMEOUT_${name}`, "3"]));
    for (const [name, prepare, words, text, code] of [
      ["HcsCreateComputeSystem", nothing, CREATING, /^Cannot create "web": .*HCS_E_OPERATION_TIMEOUT/, 1],
      [
        "HcsPauseComputeSystem",
        running,
        ["pause", "web"],
        /^Cannot pause "web": .*HCS_E_OPERATION_TIMEOUT/,
        1,
      ],
      [
        "HcsCreateProcess",
        running,
        ["exec", "web", "PROGRAM", "silent"],
        /^Cannot create process in "web": .*HCS_E_OPERATION_TIMEOUT/,
        255,
      ],
    ] as const)
      inRoot(`does not wait for it for ever: ${name}`, async (place) => {
        await prepare(place);
        place.double.control({ Function: name, DelayMs: HANG });
        await refused(place, wordsFor(place, words), text, { code, options: { env } });
        // The call is given up while it is under way, and what it brings at last is given back.
        expect(place.double.counts().Delayed).toBe(1);
        await until(() => place.double.counts().Delayed === 0, HANG);
        await place.ok("delete", "--force", "web");
        expect(await place.ok("gc")).toBe("");
      });
  });

  describe("runhcs on Windows, when a notification is lost,", () => {
    for (const { lost, prepare, words, variable, text, status } of LOSSES)
      inRoot(`ends ${words[0]} when nobody tells of ${lost}`, async (place) => {
        await prepare(place);
        place.double.control({ Lost: [lost] });
        const env = { [`RUNHCS_TIMEOUT_${variable}`]: "2" };
        await refused(place, wordsFor(place, words), text, { options: { env } });
        place.double.control({ Forget: true });
        if (status !== undefined) expect(await place.status("web")).toBe(status);
        await place.ok("delete", "--force", "web");
        expect(await place.ok("gc")).toBe("");
      });

    inRoot("learns all the same that a process has ended, and with which code", async (place) => {
      place.double.control({ Lost: ["ProcessExit", "Exit"] });
      const bundle = place.bundle(["exit", "7"]);
      expect((await place.call(["run", "--bundle", bundle, "one"], { env: SHORT })).code).toBe(7);
      place.double.control({ Forget: true });
      const silent = place.bundle(["silent"]);
      expect((await place.call(["run", "-d", "--bundle", silent, "web"], { env: SHORT })).code).toBe(0);
      place.double.control({ Lost: ["ProcessExit", "Exit"] });
      const exec = await place.call(["exec", "web", place.program, "exit", "9"], { env: SHORT });
      expect([exec.code, exec.stderr]).toEqual([9, ""]);
      const shim = await place.shim("web");
      await place.ok("kill", "web", "KILL");
      await until(() => !isRunning(shim), 20_000);
      expect(await place.status("web")).toBe("stopped");
      await place.ok("delete", "web");
    });

    inRoot("learns all the same that the service has ended", async (place) => {
      expect(
        (await place.call(["run", "-d", "--bundle", place.bundle(["silent"]), "web"], { env: SHORT })).code,
      ).toBe(0);
      const shim = await place.shim("web");
      place.double.control({ Lost: ["Disconnect"] });
      place.double.control({ Dead: true });
      await until(() => !isRunning(shim), 20_000);
      place.double.control({ Dead: false });
      await place.ok("delete", "--force", "web");
      expect(await place.ok("gc")).toBe("");
    });
  });
}
