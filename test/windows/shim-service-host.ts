// The service of containers and their shims as a host for the contract, over a double that all processes share.
import * as fs from "node:fs";
import { join } from "node:path";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openShims } from "../../src/hcs/windows/shims/open-shims.ts";
import { ShimRecords } from "../../src/hcs/windows/shims/shim-records.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { WindowsContainerDocument } from "../../src/hcs/compute-service.ts";
import type { OciProcess } from "../../src/schema/oci.ts";
import type { ContractHost } from "../contract/compute-service.contract.ts";
import { CommandLine, DoubleServer } from "./command-line.ts";
import { until } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";
import { isRunning } from "./processes.ts";

const OS_BUILD = 20348;
/** With which the service of the double ends what is to end at once. */
const KILLED = 1067;
const OWNER = "runhcs";

/** Opens the host. Shims are processes of the program itself, which find the double as this process has it. */
export async function openShimServiceHost(double: NativeDouble): Promise<ContractHost> {
  const server = await DoubleServer.open(double);
  const place = new CommandLine(server, `contract-${process.pid}`);
  for (const name of ["RUNHCS_DOUBLE", "WINEPATH", "PATH"]) process.env[name] = server.environment[name];
  const { keys } = place;
  const records = new ShimRecords(keys);
  let serial = 0;
  const open = () => {
    const bindings = openBindings(place.double.koffi, place.double.loadLibrary);
    const timeouts = readTimeouts({});
    const hcs = new HcsService(bindings, timeouts);
    const program = [server.node, join(server.folder, "app", "bin", "run.js"), "--root", place.root];
    return openShims({ hcs, timeouts, keys, program, osBuild: OS_BUILD }).compute;
  };
  return {
    open: async () => open(),
    killedCode: KILLED,
    newId: () => {
      const id = `contract-${++serial}`;
      // Ids are claimed above the service, with the key in which it keeps what it knows.
      keys.createKey(id);
      return id;
    },
    document: (script) => documentOf(processOf(place.program, script)),
    process: (script) => processOf(place.program, script),
    newPath: () => join(place.folder, `file-${++serial}`),
    readFile: (path) => (fs.existsSync(path) ? fs.readFileSync(path, "utf8") : undefined),
    readContainerFile: () => undefined,
    memoryLimit: async () => "",
    damage: async (id, damage) => {
      if (damage === "no shim of a running system") await (await open().openSystem(id)).start();
      const shim = records.shim(id) ?? 0;
      process.kill(shim, "SIGKILL");
      await until(() => !isRunning(shim));
    },
    leftovers: () => leftoversOf(place, records),
    close: () => {
      place.close();
      server.close();
    },
  };
}

function documentOf(InitProcess: OciProcess): WindowsContainerDocument {
  const System = {
    Owner: OWNER,
    SchemaVersion: { Major: 2, Minor: 1 },
    ShouldTerminateOnLastHandleClosed: true,
    Container: {},
  };
  return { System, InitProcess, GuestOs: "Windows", Owner: OWNER };
}

/** The contract's scripts end with a code, or run until they are ended. */
function processOf(program: string, script: string): OciProcess {
  const code = script === "true" ? "0" : /(?:^|; )exit (\d+)$/.exec(script)?.[1];
  return { cwd: "C:\\", args: [program, ...(code === undefined ? ["silent"] : ["exit", code])] };
}

/** Systems by their records. What has no record is left if nothing has one. */
function leftoversOf(place: CommandLine, records: ShimRecords): string[] {
  const ids = records.list();
  if (ids.length > 0) return ids.map((id) => `the record of ${id}`);
  const { Systems, Processes, Handles } = place.double.counts();
  const counts = { Systems, Processes, Handles, shims: place.calls().length };
  return Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
}
