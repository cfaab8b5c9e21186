// The tests of the Windows host without a test runner, for Node on Windows: alone.cjs LIBRARY PROGRAM [NAME [brief]].
import { writeSync } from "node:fs";
import { loadKoffi } from "../../src/hcs/windows/koffi.ts";
import { PlainRunner } from "../contract/plain-runner.ts";
import { describeBindings } from "./bindings.suite.ts";
import { commandLineTests, type CommandLineTests } from "./command-line.ts";
import { describeCommandLine, describeLife } from "./command-line.suite.ts";
import { describeComputeService } from "./compute-service.suite.ts";
import { describeContainerNetworks } from "./container-networks.suite.ts";
import { describeCredentials } from "./credentials.suite.ts";
import { describeVolumes } from "./volumes.suite.ts";
import { describeFaults } from "./faults.suite.ts";
import { describeHostObjects } from "./host-objects.suite.ts";
import { describeInformation } from "./information.suite.ts";
import { describeNetworks } from "./networks.suite.ts";
import { CHILD, actAsChild } from "./registry-child.ts";
import { describeRegistry } from "./registry.suite.ts";
import { describeLayers } from "./layers.suite.ts";
import { describeFormatInVm, describePrepareDisk } from "./prepare-disk.suite.ts";
import { describeRunProcess } from "./run-process.suite.ts";
import { NativeDouble } from "./native-double.ts";
import { describeComputeService as describeShimService } from "../contract/compute-service.contract.ts";
import { describeUtilityVm } from "../contract/utility-vm.contract.ts";
import { openWindowsVmHost } from "./utility-vm-host.ts";
import { openShimServiceHost } from "./shim-service-host.ts";
import { describeSystemIdentity } from "./system-identity.suite.ts";
import { sampled } from "./sampled.ts";
import { describeScratches } from "./scratches.suite.ts";
import { describeShimSystem } from "./shim-system.suite.ts";
import { describeVmOwners } from "./vm-owners.suite.ts";
import { describeVmContainers } from "./vm-containers.suite.ts";
import { describeVmDevices } from "./vm-devices.suite.ts";
import { describeWin32 } from "./win32.suite.ts";

const [library = "", program = "", only = "", scope = "whole"] = process.argv.slice(2);
if (library === CHILD) {
  actAsChild(program, only);
} else {
  runSuites();
}

function runSuites(): void {
  const double = new NativeDouble(loadKoffi(), library, program);

  // Standard output may be a pipe of another system, of which Node's own streams want to know nothing.
  console.info = (text: string) => writeSync(1, `${text}\n`);
  console.info(`${process.platform} ${process.version}`);

  const runner = new PlainRunner({
    only,
    timeout: 60_000,
    // What takes long shows that it goes on.
    onEnd: (name, ms) => ms > 5000 && console.info(`${name}: ${ms} ms`),
  });
  describeBindings(runner, () => double);
  describeHostObjects(runner, () => double);
  describeComputeService(runner, () => double);
  describeRunProcess(runner, () => double);
  describeFormatInVm(runner, () => double);
  describeUtilityVm(runner, () => openWindowsVmHost(double));
  describeWin32(runner, () => double);
  describeNetworks(runner, () => double);
  describeCredentials(runner, () => double);
  describeVolumes(runner, () => double);
  describeScratches(runner, () => double);
  describeShimSystem(runner, () => double);
  describeVmOwners(runner, () => double);
  describeSystemIdentity(runner, () => double);
  describeRegistry(runner);
  const commands = commandLineTests(runner, () => double);
  describeLife(runner, commands);
  describeShimService("Windows", runner, () => openShimServiceHost(double), "Windows");
  if (scope === "whole") describeWholeProgram(runner, commands);
  describeLayers(runner, () => double);
  void report(runner);
}

/** What takes long, and hardly depends on the version of Node. */
function describeWholeProgram(runner: PlainRunner, commands: CommandLineTests): void {
  const faults = only === "" ? sampled(commands, 6) : commands;
  describeCommandLine(runner, commands, faults);
  describeFaults(runner, faults);
  describeContainerNetworks(runner, commands);
  describeVmContainers(runner, commands);
  describeVmDevices(runner, commands);
  describeInformation(runner, commands);
  describePrepareDisk(runner, commands);
}

async function report(runner: PlainRunner): Promise<void> {
  const { passed, failures } = await runner.run();
  for (const failure of failures) console.info(`failed: ${failure}`);
  console.info(`${passed} passed, ${failures.length} failed, 0 skipped`);
  process.exit(failures.length === 0 ? 0 : 1);
}
