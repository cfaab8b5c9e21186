// The whole program on Windows, over one double that all its processes share.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { RegistryStore } from "../../src/hcs/windows/registry-store.ts";
import type { OciConfig, OciProcess } from "../../src/schema/oci.ts";
import { NativeDouble } from "./native-double.ts";
import { sleep, until } from "./measure.ts";
import { findProcesses, isRunning } from "./processes.ts";
import type { TestRunner } from "../contract/test-runner.ts";

const HKEY_LOCAL_MACHINE = 0xffff_ffff_8000_0002n;
const VOLUME = "\\\\?\\Volume{11111111-2222-3333-4444-555555555555}\\";
const CALL_TIMEOUT = 60_000;
/** For how long the output of a call that has ended may be under way. */
const OUTPUT_TIMEOUT = 5000;
/** Words of calls whose shims keep the pipes of their caller. */
const LEAVING_OTHERS = ["create", "run", "--detach"];
/** What is waited for where processes stay behind: they keep the pipes of their caller. */
const SHARED_OUTPUT_TIMEOUT = 100;
const TEST_TIMEOUT = 300_000;

/** What a call of the program came to. */
export interface CallResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** How a call is made. */
export interface CallOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
}

/** A double in a process of its own. */
export class DoubleServer {
  /** The double, as the tests look at it. */
  readonly double: NativeDouble;
  /** What lets a process find the double. */
  readonly environment: NodeJS.ProcessEnv;
  /** Folder of the libraries and of the program under test. */
  readonly folder: string;
  /** Node under a name of its own, so that its processes are told from all others of the host. */
  readonly node: string;
  readonly #process: ChildProcess;

  private constructor(local: NativeDouble) {
    this.folder = dirname(local.path);
    const name = randomUUID();
    this.node = join(this.folder, `node-${name}.exe`);
    fs.copyFileSync(process.execPath, this.node);
    const pipe = `\\\\.\\pipe\\runhcs-double-${name}`;
    // Wine looks for libraries in WINEPATH, Windows in PATH.
    const PATH = `${this.folder};${process.env["PATH"] ?? ""}`;
    this.environment = { ...process.env, RUNHCS_DOUBLE: pipe, WINEPATH: this.folder, PATH };
    const server = join(this.folder, "server.exe");
    this.#process = spawn(server, [local.path, pipe], { stdio: ["pipe", "ignore", "ignore"] });
    // Another file is another library, which asks the server.
    const library = join(this.folder, `remote-${name}.dll`);
    fs.copyFileSync(local.path, library);
    local.koffi.load(library).func("int32_t __stdcall DoubleConnect(str16 name)")(pipe);
    this.double = new NativeDouble(local.koffi, library, local.program);
  }

  static async open(local: NativeDouble): Promise<DoubleServer> {
    const server = new DoubleServer(local);
    for (let tries = 0; server.double.isSilent() && tries < 1000; tries++) await sleep(10);
    return server;
  }

  close(): void {
    fs.rmSync(this.node, { force: true, maxRetries: 3 });
    this.#process.stdin?.end();
  }
}

/** The program, with a state root and a folder of its own. */
export class CommandLine {
  readonly double: NativeDouble;
  /** What runs in containers. */
  readonly program: string;
  readonly root: string;
  readonly folder: string;
  readonly #node: string;
  readonly #script: string;
  readonly #environment: NodeJS.ProcessEnv;
  /** That others before had. */
  readonly #badHandles: number;

  constructor({ double, folder, node, environment }: DoubleServer, root: string) {
    this.double = double;
    this.#node = node;
    this.program = double.program;
    this.root = root;
    this.folder = fs.mkdtempSync(join(tmpdir(), "runhcs-commands-"));
    this.#script = join(folder, "app", "bin", "run.js");
    this.#environment = environment;
    this.#badHandles = double.counts().BadHandles;
  }

  get keys(): RegistryStore {
    return new RegistryStore(openBindings(this.double.koffi), this.root);
  }

  /** Starts a call. */
  start(words: readonly string[], { env = {} }: CallOptions = {}): ChildProcess {
    return spawn(this.#node, [this.#script, "--root", this.root, ...words], {
      env: { ...this.#environment, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  /** Makes a call and waits for its end, and for that of its output. */
  async call(words: readonly string[], options: CallOptions = {}): Promise<CallResult> {
    try {
      return await finish(this.start(words, options), options.input, words);
    } catch (error) {
      // Wine loses a process that starts now and then.
      if (!(error instanceof Error && error.message === "spawn UNKNOWN")) throw error;
      return finish(this.start(words, options), options.input, words);
    }
  }

  /** A call that has to succeed. @returns its standard output */
  async ok(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call(words);
    if (code === 0 && stderr === "") return stdout;
    throw new Error(`runhcs ${words.join(" ")}: ${code}, ${JSON.stringify(stderr)}`);
  }

  async status(id: string): Promise<string> {
    return (JSON.parse(await this.ok("state", id)) as { status: string }).status;
  }

  /** The host pid of a container's shim. */
  async shim(id: string): Promise<number> {
    return (JSON.parse(await this.ok("state", id)) as { pid: number }).pid;
  }

  /** Makes a bundle whose process runs the test program. */
  bundle(
    words: readonly string[],
    changes: Partial<OciConfig> = {},
    process: Partial<OciProcess> = {},
  ): string {
    const folder = fs.mkdtempSync(join(this.folder, "bundle-"));
    const config: OciConfig = {
      ociVersion: "1.0.2",
      process: { cwd: "C:\\", args: [this.program, ...words], ...process },
      root: { path: VOLUME },
      windows: { layerFolders: ["C:\\layers\\base", "C:\\layers\\scratch"] },
      ...changes,
    };
    fs.writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    return folder;
  }

  /** Folder of the program under test. */
  get programFolder(): string {
    return dirname(this.#script);
  }

  /** Pids of all calls and shims, and of the processes in containers. */
  processes(): number[] {
    return findProcesses(this.double.koffi, [this.#node, this.program]);
  }

  /** Pids of all calls and shims. */
  calls(): number[] {
    return findProcesses(this.double.koffi, [this.#node]);
  }

  /** What is left of containers: nothing, as JSON, if all is well. */
  left(): string {
    const { Systems, Processes, Handles, Callbacks, Credentials, Devices, Layers, BadHandles, BadCall } =
      this.double.counts();
    const keys = this.keys.listKeys();
    const pids = this.processes();
    return JSON.stringify({
      Systems,
      Processes,
      Handles,
      Callbacks,
      Credentials,
      Devices,
      Layers,
      BadCall: BadHandles === this.#badHandles ? "" : BadCall,
      keys,
      pids,
    });
  }

  /** Removes the state root and the folder. */
  close(): void {
    const path = this.keys.placeOf("").slice("HKLM\\".length, -1);
    openBindings(this.double.koffi).direct.advapi32.RegDeleteTreeW(HKEY_LOCAL_MACHINE, path);
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What `left` tells when nothing is left. */
export const NOTHING_LEFT = JSON.stringify({
  Systems: 0,
  Processes: 0,
  Handles: 0,
  Callbacks: 0,
  Credentials: 0,
  Devices: 0,
  Layers: 0,
  BadCall: "",
  keys: [],
  pids: [],
});

/** How the tests of the whole program are declared. */
export interface CommandLineTests {
  /** Declares a test in a state root of its own, which must not leave anything. */
  inRoot(name: string, body: (place: CommandLine) => Promise<void>): void;
  /** Makes a call that has to fail, and to tell why in one line. */
  refused(
    place: CommandLine,
    words: readonly string[],
    text: RegExp,
    expected?: { code?: number; options?: CallOptions },
  ): Promise<void>;
}

/** Makes tests of the whole program, which share one double. */
export function commandLineTests(
  { test, expect, afterAll }: TestRunner,
  double: () => NativeDouble,
): CommandLineTests {
  let serial = 0;
  let server: DoubleServer | undefined;
  afterAll(async () => server?.close());
  const inRoot: CommandLineTests["inRoot"] = (name, body) => {
    const run = async (): Promise<void> => {
      server ??= await DoubleServer.open(double());
      const place = new CommandLine(server, `test-${process.pid}-${++serial}`);
      try {
        await body(place);
        await until(() => place.left() === NOTHING_LEFT, 20_000).catch(() => undefined);
        expect(place.left()).toBe(NOTHING_LEFT);
      } finally {
        place.double.control({ Dead: false });
        place.double.control({ Forget: true });
        for (const pid of place.processes()) if (isRunning(pid)) process.kill(pid, "SIGKILL");
        place.close();
      }
    };
    test(name, run, TEST_TIMEOUT);
  };
  const refused: CommandLineTests["refused"] = async (place, words, text, { code = 1, options } = {}) => {
    const result = await place.call(words, options);
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr.trimEnd()).toMatch(text);
    expect(result.stderr.trimEnd().split("\n").length).toBe(1);
  };
  return { inRoot, refused };
}

/** Waits for the end of a call and of its output. */
export function finish(
  child: ChildProcess,
  input: string | Uint8Array | undefined,
  words: readonly string[],
): Promise<CallResult> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("latin1");
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`runhcs ${words.join(" ")}: no end; ${text(out)} ${text(errors)}`));
    }, CALL_TIMEOUT);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      const succeeded = code === 0 && LEAVING_OTHERS.some((word) => words.includes(word));
      const leavesOthers = succeeded || code === null;
      const end = setTimeout(
        () => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        },
        leavesOthers ? SHARED_OUTPUT_TIMEOUT : OUTPUT_TIMEOUT,
      );
      child.once("close", () => {
        clearTimeout(end);
        resolve({ code: code ?? -1, stdout: text(out), stderr: text(errors) });
      });
    });
  });
}
