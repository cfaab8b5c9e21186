// The installed form: the tarballs of scripts/pack.js, installed into a folder of their own without a registry.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const top = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "runhcs-packed."));
const tarballs = join(folder, "tarballs");
const bundle = join(folder, "hello");

beforeAll(async () => {
  await run(process.execPath, [join(top, "scripts/pack.js"), tarballs]);
  cpSync(join(top, "examples/hello/config.json"), join(bundle, "config.json"));
  await run(join(top, "examples/make-rootfs.sh"), [bundle]);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("both packages installed together give a runhcs that needs no Node", async () => {
  const names = readdirSync(tarballs);
  expect(names).toHaveLength(2);
  const prefix = await install("both", names);
  rmSync(join(prefix, "lib/node_modules/runhcs/dist/run.cjs"));
  await expectToWork(prefix);
}, 60_000);

test("the main package alone gives a runhcs that runs on Node", async () => {
  const names = readdirSync(tarballs).filter((name) => /^runhcs-\d/.test(name));
  expect(names).toHaveLength(1);
  await expectToWork(await install("alone", names));
}, 60_000);

/** Installs tarballs globally below a prefix of its own. @returns the prefix */
async function install(name: string, tarballNames: readonly string[]): Promise<string> {
  const prefix = join(folder, name);
  const options = ["--global", "--offline", "--no-audit", "--no-fund", "--prefix", prefix];
  await run("npm", ["install", ...options, ...tarballNames.map((tarball) => join(tarballs, tarball))]);
  return prefix;
}

/** Engines call with an empty environment, so everything must work in one. */
async function expectToWork(prefix: string): Promise<void> {
  const runhcs = (...words: string[]) =>
    run("env", ["-i", join(prefix, "bin/runhcs"), "--root", join(prefix, "state"), ...words]);
  await expect(runhcs("state", "absent")).rejects.toMatchObject({
    code: 1,
    stderr: 'container "absent" does not exist\n',
  });
  const id = `packed-${process.pid}`;
  await expect(runhcs("run", "--bundle", bundle, id)).resolves.toEqual({
    stdout: "Hello from a container\n",
    stderr: "",
  });
}
