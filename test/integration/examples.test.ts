// The examples do what examples/README.md says, and the README's quick start runs as it is printed.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const top = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "runhcs-examples."));
const examples = join(folder, "examples");

beforeAll(() => {
  // A root file system that the quick start has left here holds devices, which cannot be copied.
  const filter = (path: string): boolean => basename(path) !== "rootfs";
  cpSync(join(top, "examples"), examples, { recursive: true, filter });
  expect(shell(`${examples}/make-rootfs.sh`)).toMatchObject({ code: 0 });
});
afterAll(() => {
  shell(`${top}/bin/runhcs --root ${folder}/state delete --force web-${process.pid}`);
  rmSync(folder, { recursive: true });
});

describe.each([
  ["runhcs", join(top, "bin/runhcs")],
  ["runc", "/usr/sbin/runc"],
])("%s runs the example", (name, program) => {
  const runtime = `${program} --root ${folder}/${name}`;
  const id = `example-${process.pid}`;

  test("hello", () => {
    expect(shell(`${runtime} run --bundle ${examples}/hello ${id}`)).toEqual({
      code: 0,
      stdout: "Hello from a container\n",
      stderr: "",
    });
  });

  test("shell, on a terminal", () => {
    const run = `${runtime} run --bundle ${examples}/shell ${id}`;
    const { code, stdout } = shell(`echo 'tty; hostname; exit 3' | script -qec '${run}' /dev/null`);
    expect(stdout).toMatch(/\/dev\/pts\/0\s+shell\s/);
    expect(code).toBe(3);
  });

  test("limits", () => {
    try {
      expect(
        shell(`${runtime} run --detach --bundle ${examples}/limits ${id} >/dev/null 2>&1`),
      ).toMatchObject({ code: 0 });
      // It leaves nothing in the container's memory, where a further process of runc has to find room.
      const fill = "dd if=/dev/zero of=/dev/null bs=64M count=1";
      expect(shell(`${runtime} exec ${id} ${fill}`)).toMatchObject({ code: 137 });
      // Nobody waits for these, so that their places are taken from now on.
      const forks = "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done";
      expect(shell(`${runtime} exec ${id} sh -c '${forks}'`).stderr).toMatch("can't fork");
    } finally {
      expect(shell(`${runtime} delete --force ${id}`)).toMatchObject({ code: 0 });
    }
  });
});

test("the README's quick start works as it is printed", () => {
  const [, script = ""] =
    /## Quick start[\s\S]*?```sh\n([\s\S]*?)```/.exec(readFileSync(join(top, "README.md"), "utf8")) ?? [];
  expect(script.trim().split("\n")).toHaveLength(10);
  // The state folder of its own keeps containers of this machine apart.
  const words = script.replaceAll("bin/runhcs", `${top}/bin/runhcs --root ${folder}/state`);
  const { code, stdout } = shell(
    `cd ${folder} && set -ex\n${words.replaceAll(" web", ` web-${process.pid}`)}`,
  );
  expect(stdout).toMatch(/^Hello from a container$/m);
  expect(stdout).toMatch(/ sleep 600$/m);
  expect(stdout).toMatch(/^web-\d+ +\d+ +running /m);
  expect(code).toBe(0);
});

/** Runs shell text; a container that keeps its streams must have ended, or they must lead elsewhere. */
function shell(script: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8", timeout: 20_000 });
  return { code: status, stdout, stderr };
}
