// A temporary folder with a bundle and a state folder, in which a test may treat runhcs roughly and then look
// for what is left on the host.
import { execFile, spawn } from "node:child_process";

import { constants } from "node:os";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { footprint, processes, type Trace } from "../../scripts/bench/footprint.js";

const run = promisify(execFile);
const top = fileURLToPath(new URL("../..", import.meta.url));

/** How one call of runhcs ended; `code` is 128 + n after signal n. */
export interface CallOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What can be said of a container, by runhcs or by its executor. */
export interface ContainerView {
  readonly status: string;
  readonly pid: number;
}

/** A folder, and the calls of runhcs whose state is in it. */
export class SoakWorkplace {
  readonly folder = mkdtempSync("/tmp/runhcs-soak.");
  /** Beginning of every id, so that no other container of the machine is mistaken for one of these. */
  readonly prefix = `soak-${process.pid}-${this.folder.slice(-6)}-`;
  readonly #trace: Trace;
  readonly #env: NodeJS.ProcessEnv;
  #calls = 0;

  constructor() {
    const [name, value] = ["RUNHCS_SOAK_FOLDER", this.folder] as const;
    this.#trace = { folder: this.folder, prefix: this.prefix, marker: `${name}=${value}` };
    this.#env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", [name]: value };
    mkdirSync(join(this.folder, "output"));
  }

  /** Makes the bundle, whose program sleeps. */
  async makeBundle(): Promise<void> {
    const bundle = join(this.folder, "bundle");
    mkdirSync(bundle);
    const config = JSON.parse(readFileSync(join(top, "examples/hello/config.json"), "utf8"));
    const env = ["PATH=/bin", this.#trace.marker];
    config.process = { ...config.process, args: ["sleep", "600"], env };
    // Without a mount there, crun links /dev/ptmx in the root file system that all share, and fails if another has.
    config.mounts.push({
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "mode=755"],
    });
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
    await run(join(top, "examples/make-rootfs.sh"), [bundle]);
  }

  create(id: string): Promise<CallOutcome> {
    return this.call(["create", "--bundle", join(this.folder, "bundle"), id]);
  }

  /**
   * Calls runhcs and waits for its end.
   *
   * @param killAfterMs kills it at that time, if it has not ended
   */
  async call(words: readonly string[], killAfterMs?: number): Promise<CallOutcome> {
    // A container keeps its descriptors, so pipes would not end with runhcs.
    const base = join(this.folder, "output", String(this.#calls++));
    const files = [`${base}.stdout`, `${base}.stderr`] as const;
    const [stdout, stderr] = files.map((path) => openSync(path, "w"));
    const child = spawn(join(top, "bin/runhcs"), ["--root", join(this.folder, "state"), ...words], {
      env: this.#env,
      stdio: ["ignore", stdout, stderr],
    });
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) =>
        resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
    clearTimeout(timer);
    for (const fd of [stdout, stderr]) if (fd !== undefined) closeSync(fd);
    return { code, stdout: readFileSync(files[0], "utf8"), stderr: readFileSync(files[1], "utf8") };
  }

  /** What the executor itself says of a container. @returns undefined if it does not know it */
  async executorView(id: string): Promise<ContainerView | undefined> {
    const decision = join(this.folder, "state", "@executor.json");
    if (!existsSync(decision)) return undefined;
    const { executor } = JSON.parse(readFileSync(decision, "utf8"));
    const root = join(this.folder, "state", `@${executor.name}`);
    try {
      const { stdout } = await run(executor.path, ["--root", root, "state", id], { env: this.#env });
      return JSON.parse(stdout);
    } catch {
      return undefined;
    }
  }

  /** Waits until the only processes are those of containers: executors outlive a killed runhcs. */
  async untilQuiet(id: string): Promise<void> {
    await until(async () => {
      const view = await this.executorView(id);
      return processes({ ...this.#trace, knownPids: [view?.pid ?? 0] }).length === 0;
    });
  }

  /** Everything that is left of the containers; waits a moment for what is just going. */
  async leftovers(): Promise<string[]> {
    await until(async () => footprint(this.#trace).length === 0, 500);
    return footprint(this.#trace);
  }

  async remove(): Promise<void> {
    const { stdout } = await this.call(["list", "--quiet"]);
    for (const id of stdout.split("\n").filter(Boolean)) await this.call(["delete", "--force", id]);
    rmSync(this.folder, { recursive: true });
  }
}

async function until(condition: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition()) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
