// Processes that are run to their end, in containers and in utility VMs of the Windows host, against the double.
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { Readable, Writable } from "node:stream";
import { StreamError, type ProcessOutcome, type ProcessRun } from "../../src/hcs/process-run.ts";
import { ComputeError } from "../../src/hcs/results.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import type { HcsSystem } from "../../src/hcs/windows/compute-system.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf, until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const COMMON = { SchemaVersion: { Major: 2, Minor: 1 }, Owner: "test" };
const PLACES = {
  "a container": { ...COMMON, Container: {} },
  "a Linux VM": { ...COMMON, VirtualMachine: { GuestConnection: { UseVsock: true } } },
} as const;
const LARGE = 3_000_001;

/** Keeps what it is given, and may take its time or break. */
class Sink extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #act: ((length: number) => Error | null | "wait") | undefined;

  constructor(act?: (length: number) => Error | null | "wait") {
    super();
    this.#act = act;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get length(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    const answer = this.#act?.(this.length) ?? null;
    if (answer === "wait") return;
    this.#chunks.push(Buffer.from(chunk));
    done(answer);
  }
}

const source = (bytes: Uint8Array | string): Readable =>
  Readable.from([Buffer.from(bytes)], { objectMode: false });

const pattern = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at % 65536) % 251;
  return bytes;
};

/** Runs the words in a system; the program of the tests is their first. */
type Run = (words: readonly string[], more?: Omit<ProcessRun, "process">) => Promise<ProcessOutcome>;

export function describeRunProcess({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  /** A test in each place, which must not leave anything. */
  const inEach = (name: string, body: (run: Run, system: HcsSystem) => Promise<void>): void => {
    for (const [place, document] of Object.entries(PLACES))
      test(`in ${place} ${name}`, async () => {
        const before = double().counts();
        const service = new HcsService(openBindings(double().koffi, double().loadLibrary), readTimeouts({}));
        const system = await service.createSystem(`run-${randomUUID()}`, document);
        try {
          await system.start();
          await body(
            (words, more = {}) =>
              system.runProcess({ process: { cwd: tmpdir(), args: [double().program, ...words] }, ...more }),
            system,
          );
          await until(() => double().counts().Processes === before.Processes);
        } finally {
          double().control({ Forget: true });
          await system.terminate();
          await system.close();
          service.close();
        }
        await until(() => double().counts().Systems === before.Systems);
        expect(double().held()).toEqual({ ...before, Calls: 0, MostRunning: 0 });
      });
  };

  describe("a process that is run to its end", () => {
    inEach("has its streams carried whole, and tells how many bytes they had", async (run) => {
      const [stdout, stderr] = [new Sink(), new Sink()];
      const bytes = pattern(LARGE);
      expect(await run(["cat"], { ends: { stdin: source(bytes), stdout, stderr } })).toEqual({
        exitCode: 0,
        byteCounts: { in: LARGE, out: LARGE, err: 0 },
      });
      expect(stdout.bytes.equals(bytes)).toBe(true);
      expect([stdout.writableEnded, stderr.writableEnded]).toEqual([false, false]);
    });

    inEach("keeps standard output and error apart", async (run) => {
      const [stdout, stderr] = [new Sink(), new Sink()];
      const { byteCounts } = await run(["both"], { ends: { stdout, stderr } });
      expect([stdout.bytes.toString(), stderr.bytes.toString()]).toEqual(["to stdout", "to stderr"]);
      expect(byteCounts).toEqual({ in: 0, out: 9, err: 9 });
    });

    inEach("gives its exit code, with or without streams", async (run) => {
      const nothing = { in: 0, out: 0, err: 0 };
      for (const exitCode of [0, 1, 77, 255])
        expect(await run(["exit", String(exitCode)])).toEqual({ exitCode, byteCounts: nothing });
      const ends = { stdin: source(""), stdout: new Sink(), stderr: new Sink() };
      expect(await run(["exit", "3"], { ends })).toEqual({ exitCode: 3, byteCounts: nothing });
      expect((await run(["count"])).exitCode).toBe(0);
    });

    inEach("gives its exit code also if its handle cannot be closed", async (run) => {
      double().control({ Function: "HcsCloseProcess", Result: 0x8000_4005 | 0 });
      expect((await run(["exit", "7"])).exitCode).toBe(7);
    });

    inEach("has its variables", async (_, system) => {
      const stdout = new Sink();
      const args = [double().program, "variable", "GREETING"];
      const process = { cwd: tmpdir(), args, env: ["GREETING=good day"] };
      await system.runProcess({ process, ends: { stdout } });
      expect(stdout.bytes.toString()).toBe("good day");
    });

    inEach("reads exactly as many bytes as it is to have, and the rest stays", async (run) => {
      const stdout = new Sink();
      const stdin = source(pattern(LARGE));
      const counted = await run(["count"], { ends: { stdin, stdout }, byteCounts: { in: 1_000_001 } });
      expect(counted.byteCounts.in).toBe(1_000_001);
      expect(stdout.bytes.toString()).toBe("1000001");
      const rest: Buffer[] = [];
      for await (const chunk of stdin) rest.push(chunk as Buffer);
      expect(Buffer.concat(rest).equals(pattern(LARGE).subarray(1_000_001))).toBe(true);
    });

    inEach("has exactly as many bytes of output as are asked for", async (run) => {
      const byteCounts = { out: LARGE, err: 5 };
      for (const words of [
        ["spew", String(LARGE)],
        ["complain", "5"],
      ]) {
        const ends = { stdout: new Sink(), stderr: new Sink() };
        const isOut = words[0] === "spew";
        const { exitCode } = await run(words, {
          ends: isOut ? { stdout: ends.stdout } : { stderr: ends.stderr },
          byteCounts,
        });
        expect([exitCode, ends.stdout.length, ends.stderr.length]).toEqual([
          0,
          isOut ? LARGE : 0,
          isOut ? 0 : 5,
        ]);
      }
    });

    inEach("has the output behind the number of bytes cut off", async (run) => {
      const stdout = new Sink();
      const { exitCode, byteCounts } = await run(["spew", "30000000"], {
        ends: { stdout },
        byteCounts: { out: 65_537 },
      });
      expect([byteCounts.out, stdout.length]).toEqual([65_537, 65_537]);
      expect(stdout.bytes.equals(pattern(65_537))).toBe(true);
      // It wrote to a pipe that nobody reads.
      expect(exitCode === 0).toBe(false);
    });

    inEach("fails if a stream has fewer bytes than it is to have", async (run, system) => {
      const subject = `of "${double().program}" in "${system.id}"`;
      const fails = async (words: readonly string[], more: Omit<ProcessRun, "process">): Promise<string> => {
        const { code, stream, message } = await failureOf(run(words, more), StreamError);
        expect(code).toBe("STREAM_SHORT");
        expect(message.startsWith(`Cannot copy ${stream} ${subject}: `)).toBe(true);
        return message.slice(message.indexOf(`${subject}: `) + subject.length + 2);
      };
      expect(await fails(["spew", "10"], { ends: { stdout: new Sink() }, byteCounts: { out: 11 } })).toBe(
        "expected 11 bytes, found 10",
      );
      expect(await fails(["exit", "0"], { ends: { stderr: new Sink() }, byteCounts: { err: 1 } })).toBe(
        "expected 1 bytes, found 0",
      );
      expect(await fails(["count"], { ends: { stdin: source("abc") }, byteCounts: { in: 4 } })).toBe(
        "expected 4 bytes, found 3",
      );
      const early = await fails(["take", "10"], {
        ends: { stdin: source(pattern(LARGE)) },
        byteCounts: { in: LARGE },
      });
      expect(early).toMatch(new RegExp(`^expected ${LARGE} bytes, found \\d+$`));
    });

    inEach("need not read all of its input", async (run) => {
      expect((await run(["take", "10"], { ends: { stdin: source(pattern(LARGE)) } })).exitCode).toBe(0);
      // An input that never ends does not keep it.
      const open = new Readable({ read: () => undefined });
      expect((await run(["exit", "5"], { ends: { stdin: open } })).exitCode).toBe(5);
    });

    inEach("is killed if its streams are not through in time", async (run) => {
      const fails = async (words: readonly string[], more: Omit<ProcessRun, "process">): Promise<string> => {
        const error = await failureOf(run(words, { copyTimeout: 300, ...more }), StreamError);
        expect(error.code).toBe("STREAM_TIMEOUT");
        return `${error.stream}${error.message.slice(error.message.lastIndexOf(": "))}`;
      };
      expect(await fails(["silent"], { ends: { stdout: new Sink() } })).toBe(
        "stdout: not through after 300 ms, with 0 bytes copied",
      );
      expect(await fails(["silent"], { ends: { stderr: new Sink() } })).toMatch(/^stderr: not through/);
      expect(await fails(["silent"], { ends: { stdin: source(pattern(LARGE)) } })).toMatch(
        /^stdin: not through/,
      );
      expect(await fails(["cat"], { ends: { stdin: new Readable({ read: () => undefined }) } })).toMatch(
        /^stdin: not through after 300 ms, with 0 bytes/,
      );
      // A target that takes nothing is as slow as a process that gives nothing.
      expect(await fails(["spew", "100000"], { ends: { stdout: new Sink(() => "wait") } })).toMatch(
        /^stdout: not through/,
      );
    });

    inEach("may take longer than its streams", async (run) => {
      const ends = { stdout: new Sink() };
      expect((await run(["exit", "4"], { ends, copyTimeout: 60_000 })).exitCode).toBe(4);
    });

    inEach("is killed if the caller's end of a stream breaks", async (run) => {
      const fails = async (words: readonly string[], ends: ProcessRun["ends"]): Promise<string> => {
        const error = await failureOf(run(words, { ends: ends ?? {} }), StreamError);
        expect(error.code).toBe("STREAM_BROKEN");
        return `${error.stream}${error.message.slice(error.message.lastIndexOf('": ') + 1)}`;
      };
      const full = new Sink((length) => (length > 0 ? new Error("no space left") : null));
      expect(await fails(["spew", "30000000"], { stdout: full })).toBe(
        "stdout: its target failed: no space left",
      );
      const closed = new Sink();
      closed.destroy();
      expect(await fails(["spew", "30000000"], { stdout: closed })).toBe(
        "stdout: its target failed: it is closed",
      );
      const torn = new Readable({ read: () => torn.destroy(new Error("torn")) });
      expect(await fails(["cat"], { stdin: torn })).toBe("stdin: its source failed: torn");
    });

    inEach("tells the exit code of what was killed by others", async (run, system) => {
      const outcome = run(["silent"], { ends: { stdout: new Sink() } });
      const pid = async (): Promise<number | undefined> =>
        (await system.properties(["ProcessList"])).ProcessList?.[0]?.ProcessId;
      let found = await pid();
      while (found === undefined) found = await pid();
      const other = await system.openProcess(found);
      await other.kill();
      await other.close();
      expect((await outcome).exitCode === 0).toBe(false);
    });

    inEach("fails with the system that it is in", async (run, system) => {
      const outcome = run(["silent"], { ends: { stdout: new Sink() } });
      await until(() => double().counts().Processes > 0);
      await system.terminate();
      expect((await outcome).exitCode === 0).toBe(false);
    });

    inEach("that cannot be made leaves nothing", async (run, system) => {
      double().control({ Function: "HcsCreateProcess", Result: -2147467259, Times: 1 });
      const error = await failureOf(run(["exit", "0"]), ComputeError);
      expect(error.message).toMatch(new RegExp(`^Cannot create process in "${system.id}": .*0x80004005`));
      double().control({ Function: "HcsRegisterProcessCallback", Result: -2147467259, Times: 1 });
      await failureOf(run(["exit", "0"], { ends: { stdout: new Sink() } }), ComputeError);
    });

    inEach("is not made with numbers that mean nothing", async (run) => {
      for (const out of [-1, 1.5, Number.NaN])
        await failureOf(run(["exit", "0"], { byteCounts: { out } }), RangeError);
      await failureOf(run(["exit", "0"], { copyTimeout: -1 }), RangeError);
    });
  });
}
