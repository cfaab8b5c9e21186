/**
 * Times commands as a shell starts them.
 *
 * Node needs milliseconds to start a program itself, and more the larger it is. So one small shell starts them
 * and reads the clock.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

// Errors go to a file: a container keeps its descriptors open, and a pipe would never end.
const LOOP = `
  while IFS= read -r command; do
    began=$EPOCHREALTIME
    eval "$command" </dev/null >/dev/null 2>"$0"
    code=$?
    echo "$code $began $EPOCHREALTIME"
  done`;

/** Starts a stopwatch. @param errors path of a file for what the commands complain of */
export function openStopwatch(errors, env) {
  const shell = spawn("/bin/bash", ["-c", LOOP, errors], { env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  return {
    pid: shell.pid,
    /** Runs one command. @returns milliseconds @throws {Error} if its exit code is not 0 */
    async time(command) {
      shell.stdin.write(`${command}\n`);
      const { value } = await answers.next();
      const [code, began, ended] = value.replaceAll(",", ".").split(" ").map(Number);
      if (code === 0) return (ended - began) * 1000;
      throw new Error(`"${command}" ended with code ${code}: ${readFileSync(errors, "utf8").trim()}`);
    },
    close: () => shell.stdin.end(),
  };
}
