// The Windows host on Node for Linux, with the double of the Windows libraries built as a shared library.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeComputeService } from "./compute-service.suite.ts";
import { configureKoffi } from "../../src/hcs/windows/koffi.ts";
import { describeBindings, functionsOfTables } from "./bindings.suite.ts";
import { describeCredentials } from "./credentials.suite.ts";
import { describeVolumes } from "./volumes.suite.ts";
import { describeHostObjects } from "./host-objects.suite.ts";
import { describeNetworks } from "./networks.suite.ts";
import { NativeDouble } from "./native-double.ts";
import { describeFormatInVm } from "./prepare-disk.suite.ts";
import { describeRunProcess } from "./run-process.suite.ts";
import { describeSystemIdentity } from "./system-identity.suite.ts";
import { describeUtilityVm } from "../contract/utility-vm.contract.ts";
import { describeScratches } from "./scratches.suite.ts";
import { describeShimSystem } from "./shim-system.suite.ts";
import { describeVmOwners } from "./vm-owners.suite.ts";
import { openWindowsVmHost } from "./utility-vm-host.ts";

const BUILD = fileURLToPath(new URL("../double/build.sh", import.meta.url));
const BUILD_TIMEOUT = 300_000;
const folder = mkdtempSync(join(tmpdir(), "runhcs-double-"));
const libraries = { linux: join(folder, "double.so"), windows: join(folder, "vmcompute.dll") };

let double: NativeDouble;

beforeAll(() => {
  for (const target of ["linux", "windows"]) execFileSync(BUILD, [target, folder]);
  double = new NativeDouble(configureKoffi(koffi), libraries.linux, join(folder, "program"));
}, BUILD_TIMEOUT);

afterAll(() => rmSync(folder, { recursive: true }));

const runner = { describe, test, expect, beforeAll, afterAll };

describeBindings(runner, () => double);
describeHostObjects(runner, () => double);
describeNetworks(runner, () => double);
describeComputeService(runner, () => double);
describeCredentials(runner, () => double);
describeVolumes(runner, () => double);
describeScratches(runner, () => double);
describeShimSystem(runner, () => double);
describeVmOwners(runner, () => double);
describeSystemIdentity(runner, () => double);
describeRunProcess(runner, () => double);
describeFormatInVm(runner, () => double);
describeUtilityVm(runner, () => openWindowsVmHost(double));

const OWN_EXPORTS = ["CoTaskMemFree", "DoubleControl", "DoubleCounts", "DoubleLastCall", "DoubleText"];
/** What lets several processes of Windows share one double. */
const SHARING_EXPORTS = ["DoubleConnect", "DoubleServe"];

test("the double exports what the tables name, on both hosts, and nothing else", () => {
  const expected = [...functionsOfTables(), ...OWN_EXPORTS].toSorted();
  const linux = execFileSync("nm", ["-D", "--defined-only", libraries.linux], { encoding: "utf8" });
  expect([...linux.matchAll(/ T (\w+)/g)].map(([, name]) => name).toSorted()).toEqual(expected);
  const dump = execFileSync("x86_64-w64-mingw32-objdump", ["-p", libraries.windows], { encoding: "utf8" });
  const table = dump.slice(dump.indexOf("[Ordinal/Name Pointer] Table"));
  expect([...table.matchAll(/^\t\[ *\d+\] (\w+)$/gm)].map(([, name]) => name).toSorted()).toEqual(
    [...expected, ...SHARING_EXPORTS].toSorted(),
  );
});
