// A corner of the machine in which an engine can live without touching the host: mount, process and
// network namespaces of its own, an empty /run, and one folder for all its data. Closing the sandbox
// (or the death of the test process) ends every process in it and takes its mounts and networks along.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** How a program ended; `code` is 128 + n after signal n. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Sandbox {
  /** Absolute path of the only folder the engine writes to. */
  readonly folder: string;
  /**
   * Runs shell text inside the sandbox, in its folder and with an empty standard input.
   *
   * @throws {Error} If the text has not ended after `timeoutMs`; the message carries what it had printed.
   */
  run(script: string, timeoutMs?: number): Promise<Outcome>;
  /** Ends all processes and removes the folder. */
  close(): Promise<void>;
}

// The shell is process 1 and reaps orphans in `wait`; it ends as soon as our end of its standard input does.
const HOLDER = `
  mount -t tmpfs run /run && ip link set lo up && echo ready || exit 1
  exec 3<&0
  cat <&3 >/dev/null &
  wait`;

/** Opens an empty sandbox. Needs CAP_SYS_ADMIN. */
export async function openSandbox(): Promise<Sandbox> {
  const folder = await mkdtemp("/var/tmp/runhcs-");
  await Promise.all(["bin", "tmp"].map((name) => mkdir(join(folder, name))));
  const holder = spawn(
    "unshare",
    ["--mount", "--net", "--pid", "--fork", "--mount-proc", "--propagation", "private", "sh", "-c", HOLDER],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  await untilReady(holder);
  return {
    folder,
    run: (script, timeoutMs = 30_000) => runInside(holder, folder, script, timeoutMs),
    close: async () => {
      const ended = new Promise((resolve) => holder.once("close", resolve));
      holder.stdin?.end();
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

function untilReady(holder: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    holder.stdout?.once("data", () => resolve());
    holder.once("error", reject);
    holder.once("exit", (code) =>
      reject(new Error(`Cannot open a sandbox: unshare ended with code ${code}`)),
    );
  });
}

async function runInside(
  holder: ChildProcess,
  folder: string,
  script: string,
  timeoutMs: number,
): Promise<Outcome> {
  const place = `/proc/${holder.pid}`;
  const namespaces = [
    `--mount=${place}/ns/mnt`,
    `--net=${place}/ns/net`,
    `--pid=${place}/ns/pid_for_children`,
  ];
  const child = spawn("nsenter", [...namespaces, `--wdns=${folder}`, "bash", "-c", script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(folder),
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  try {
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    if (child.killed) {
      throw new Error(`No end after ${timeoutMs} ms: ${script}\n${stdout}${stderr}`);
    }
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

// /usr/local is left out, so that the distribution's own docker is the one that runs.
function environment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: `${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: folder,
    TMPDIR: join(folder, "tmp"),
    SHELL: "/bin/bash",
    TERM: "xterm",
    LANG: "C.UTF-8",
  };
}
