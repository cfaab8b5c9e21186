// Every command on Windows, with real processes, a real registry and real pipes, over the double.
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { guidText } from "../../src/hcs/windows/bindings/guid.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { ComputeSystem } from "../../src/schema/hcs.ts";
import type { OciConfig, OciFeatures, OciHook, OciHooks, OciState } from "../../src/schema/oci.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { finish, type CommandLineTests } from "./command-line.ts";
import { sleep, until } from "./measure.ts";
import { isRunning } from "./processes.ts";

const ACCESS_VIOLATION = 0xc000_0005;
const E_FAIL = -2147467259;
/** Exit code of what an event of its console has ended. */
const CONTROL_C = 0xc000_013a;
/** Makes a process take an event of its console as come, once a file orders that and something waits for it. */
const INTERRUPT = `
const { existsSync, readFileSync, rmSync } = require("node:fs");
const order = process.env.ORDER;
setInterval(() => {
  // A shim waits for none, and leaves the file to the call that does.
  if (process.listenerCount("SIGINT") === 0 || !existsSync(order)) return;
  const event = readFileSync(order, "utf8");
  rmSync(order);
  process.emit(event, event);
}, 50).unref();
`;
const DOCUMENT = { SchemaVersion: { Major: 2, Minor: 1 }, Owner: "somebody", Container: {} };

/** Declares the tests of what a container does in its life. */
export function describeLife({ describe, expect }: TestRunner, { inRoot, refused }: CommandLineTests): void {
  describe("runhcs on Windows", () => {
    inRoot("takes a container through its life", async (place) => {
      const bundle = place.bundle(["silent"]);
      const pidFile = join(place.folder, "pid");
      await place.ok("create", "--bundle", bundle, "--pid-file", pidFile, "web");
      const state = JSON.parse(await place.ok("state", "web")) as Record<string, unknown>;
      expect([state["status"], state["bundle"], state["owner"]]).toEqual(["created", bundle, "runhcs"]);
      expect(fs.readFileSync(pidFile, "utf8")).toBe(String(state["pid"]));
      await refused(place, ["create", "--bundle", bundle, "web"], /container web already exists/);
      await place.ok("start", "web");
      expect(await place.status("web")).toBe("running");
      await refused(place, ["start", "web"], /cannot start an already running container/);
      await refused(place, ["delete", "web"], /cannot delete container web that is not stopped: running/);
      await place.ok("kill", "web", "KILL");
      await until(() => !isRunning(Number(state["pid"])));
      const stopped = JSON.parse(await place.ok("state", "web")) as Record<string, unknown>;
      expect([stopped["status"], stopped["pid"]]).toEqual(["stopped", 0]);
      await refused(place, ["start", "web"], /cannot start a container that has stopped/);
      await refused(place, ["exec", "web", "x"], /cannot exec in a stopped container/, { code: 255 });
      await refused(place, ["kill", "web"], /container not running/);
      expect(await place.ok("gc")).toBe("");
      await place.ok("delete", "web");
      await refused(place, ["state", "web"], /does not exist/);
      await refused(place, ["delete", "web"], /does not exist/);
      await place.ok("delete", "--force", "web");
    });

    inRoot("runs further processes with their streams and whole exit codes", async (place) => {
      await place.ok("run", "--detach", "--bundle", place.bundle(["silent"]), "web");
      const exec = (words: string[], input?: string | Uint8Array) =>
        place.call(["exec", "web", place.program, ...words], input === undefined ? {} : { input });
      expect(await exec(["cat"], "through the shim\n")).toEqual({
        code: 0,
        stdout: "through the shim\n",
        stderr: "",
      });
      expect(await exec(["both"])).toEqual({ code: 0, stdout: "to stdout", stderr: "to stderr" });
      expect((await exec(["count"], new Uint8Array(3_000_001))).stdout).toBe("3000001");
      expect((await exec(["spew", "3000001"])).stdout.length).toBe(3_000_001);
      for (const code of [0, 1, 255, 256, 0x7fff_ffff, ACCESS_VIOLATION, 0xffff_ffff])
        expect((await exec(["exit", String(code)])).code).toBe(code);
      const variable = await place.call(["exec", "--env", "A=b c", "web", place.program, "variable", "A"]);
      expect(variable.stdout).toBe("b c");
      const described = join(place.folder, "process.json");
      const inFile = { cwd: "C:\\windows", args: [place.program, "variable", "A"], env: ["A=of a file"] };
      fs.writeFileSync(described, JSON.stringify(inFile));
      expect((await place.call(["exec", "--process", described, "web"])).stdout).toBe("of a file");
      await refused(place, ["exec", "web", "C:\\nothing.exe"], /^Cannot create process in "web"/, {
        code: 255,
      });
      await place.ok("delete", "--force", "web");
    });

    inRoot("leaves detached processes to their shims", async (place) => {
      await place.ok("run", "--detach", "--bundle", place.bundle(["silent"]), "web");
      const pidFile = join(place.folder, "pid");
      const detached = ["exec", "--detach", "--pid-file", pidFile];
      await place.ok(...detached, "--tty", "web", place.program, "silent");
      const shim = Number(fs.readFileSync(pidFile, "utf8"));
      expect(isRunning(shim)).toBe(true);
      await place.ok("resize-tty", "--pid", String(shim), "web", "120", "40");
      await refused(place, ["resize-tty", "web", "120", "40"], /has none/);
      await refused(
        place,
        ["resize-tty", "--pid", "1", "web", "120", "40"],
        /no process has a shim of this pid/,
      );
      const nowhere = ["exec", "--detach", "--pid-file", join(place.folder, "no", "pid")];
      const unnamed = [...nowhere, "web", place.program, "silent"];
      await refused(place, unnamed, /^Cannot write the pid file/, { code: 255 });
      await until(() => place.double.counts().Processes === 2);
      const pids = JSON.parse(await place.ok("ps", "--format", "json", "web")) as number[];
      expect(pids.length).toBe(2);
      expect(await place.ok("ps", "web")).toMatch(/^PID +NAME[^]*\n\d+ +program/);
      await place.ok("kill", "--all", "web", "KILL");
      await until(() => !isRunning(shim));
      await place.ok("delete", "--force", "web");
    });

    inRoot("waits for what it runs, and removes it", async (place) => {
      const cat = place.bundle(["cat"]);
      expect(await place.call(["run", "--bundle", cat, "one"], { input: "in and out\n" })).toEqual({
        code: 0,
        stdout: "in and out\n",
        stderr: "",
      });
      const failing = place.bundle(["exit", String(ACCESS_VIOLATION)]);
      expect((await place.call(["run", "--bundle", failing, "one"])).code).toBe(ACCESS_VIOLATION);
      await refused(place, ["state", "one"], /does not exist/);
      const missing = place.bundle([], {}, { args: ["C:\\nothing.exe"] });
      await refused(place, ["run", "--bundle", missing, "one"], /^Cannot create process in "one"/);
      await refused(place, ["state", "one"], /does not exist/);
    });

    inRoot("pauses, resumes and lists", async (place) => {
      const bindings = openBindings(place.double.koffi, place.double.loadLibrary);
      const service = new HcsService(bindings, readTimeouts({}));
      const foreign = await service.createSystem("foreign", DOCUMENT);
      await place.ok("run", "-d", "--bundle", place.bundle(["silent"]), "web");
      await place.ok("create", "--bundle", place.bundle(["silent"]), "waits");
      await place.ok("pause", "web");
      expect(await place.status("web")).toBe("paused");
      await refused(place, ["pause", "web"], /already paused/);
      await refused(place, ["exec", "web", "x"], /cannot exec in a paused container/, { code: 255 });
      await place.ok("resume", "web");
      await refused(place, ["resume", "web"], /container not paused/);
      const rows = JSON.parse(await place.ok("list", "--format", "json")) as Record<string, string>[];
      expect(rows.map(({ id, status }) => `${id} ${status}`)).toEqual(["waits created", "web running"]);
      expect(await place.ok("list", "--quiet", "--all")).toBe("waits\nweb\nforeign\n");
      expect(await place.ok("list", "--all")).toMatch(/foreign +0 +created[^]*somebody/);
      // It is somebody else's, though nothing here has its name.
      await place.ok("delete", "--force", "foreign");
      await refused(place, ["create", "--bundle", place.bundle(["silent"]), "foreign"], /exists/);
      expect((await service.enumerateSystems({ Ids: ["foreign"] })).length).toBe(1);
      await place.ok("delete", "waits");
      await place.ok("delete", "--force", "web");
      await foreign.terminate();
      await foreign.close();
      service.close();
    });

    inRoot("mounts the layers of a container, and gives them back", async (place) => {
      const folder = (name: string): string => {
        const path = join(place.folder, name);
        fs.mkdirSync(join(path, "Files"), { recursive: true });
        return path;
      };
      const [base, scratch] = [folder("base"), folder("scratch")];
      fs.writeFileSync(join(scratch, "sandbox.vhdx"), "vhdxfile");
      const layered = { root: { path: "" }, windows: { layerFolders: [base, scratch] } };
      const bundle = place.bundle(["silent"], layered);
      await place.ok("run", "-d", "--bundle", bundle, "web");
      await refused(place, ["create", "--bundle", bundle, "other"], /is mounted already/);
      await refused(place, ["state", "other"], /does not exist/);
      expect(await place.status("web")).toBe("running");
      await place.ok("delete", "--force", "web");
      const mounted = await place.ok("layer", "mount", "-l", base, scratch);
      expect(mounted.trim() === "").toBe(false);
      await place.ok("layer", "unmount", scratch);
      await place.ok("run", "--bundle", place.bundle(["exit", "0"], layered), "web");
    });
  });
}

/**
 * Declares the tests of all else that the program does on Windows, and of what becomes of what fails.
 *
 * @param faults declares those of failing functions
 */
export function describeCommandLine(
  { describe, expect }: TestRunner,
  { inRoot, refused }: CommandLineTests,
  faults: CommandLineTests,
): void {
  describe("runhcs on Windows", () => {
    inRoot("guards the credentials of a container as long as it is there", async (place) => {
      const bundle = place.bundle(["silent"], {
        windows: {
          layerFolders: ["C:\\layers\\base", "C:\\layers\\scratch"],
          credentialSpec: { CmsPlugins: ["ActiveDirectory"] },
        },
      });
      const guarded = (): number => place.double.counts().Credentials;
      await place.ok("create", "--bundle", bundle, "web");
      expect(guarded()).toBe(1);
      await refused(place, ["create", "--bundle", bundle, "web"], /already exists/);
      await place.ok("start", "web");
      expect(guarded()).toBe(1);
      place.double.control({ Function: "HcsModifyServiceSettings", Result: E_FAIL });
      await refused(place, ["delete", "--force", "web"], /^Cannot modify the compute service: .*0x80004005/);
      expect([guarded(), await place.status("web")]).toEqual([1, "stopped"]);
      await place.ok("delete", "web");
      expect(guarded()).toBe(0);
      for (const name of ["HcsModifyServiceSettings", "HcsCreateComputeSystem"]) {
        place.double.control({ Function: name, Result: E_FAIL });
        await refused(place, ["create", "--bundle", bundle, "web"], /0x80004005/);
        await refused(place, ["state", "web"], /does not exist/);
        expect(guarded()).toBe(0);
      }
      place.double.control({ Function: "HcsCreateComputeSystem", DelayMs: 3000 });
      const call = place.start(["create", "--bundle", bundle, "web"]);
      await until(() => guarded() === 1, 20_000);
      call.kill("SIGKILL");
      await finish(call, undefined, ["create"]);
      await sleep(4000);
      await place.ok("gc");
      expect(guarded()).toBe(0);
    });

    inRoot("runs the hooks of a container on the host, each at its moment", async (place) => {
      const file = join(place.folder, "notes");
      const hook = (name: string, code = "0"): OciHook => ({
        path: place.program,
        args: ["hook", "note", file, code],
        env: [`NOTE=${name}`],
      });
      const hooks = {
        prestart: [hook("prestart")],
        createRuntime: [hook("one"), hook("two")],
        poststart: [hook("poststart")],
        poststop: [hook("poststop", "7"), hook("last")],
      };
      const notes = (): string[] => {
        if (!fs.existsSync(file)) return [];
        const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
        fs.rmSync(file);
        return lines.map((line) => {
          const { status, id } = JSON.parse(line.slice(line.indexOf(" "))) as OciState;
          return `${line.slice(0, line.indexOf(" "))} ${id} ${status}`;
        });
      };
      const created = ["prestart web creating", "one web creating", "two web creating"];
      const stopped = ["poststop web stopped", "last web stopped"];
      const warning =
        /^Cannot run hook \/hooks\/poststop\/0 of container "web": ".*program.exe" has ended with code 7: noted\r?\n$/;
      const bundle = place.bundle(["silent"], { hooks });
      await place.ok("create", "--bundle", bundle, "web");
      expect(notes()).toEqual(created);
      await place.ok("start", "web");
      expect(notes()).toEqual(["poststart web running"]);
      const deleted = await place.call(["delete", "--force", "web"]);
      expect([deleted.code, deleted.stdout]).toEqual([0, ""]);
      expect(deleted.stderr).toMatch(warning);
      expect(notes()).toEqual(stopped);

      const ran = await place.call(["run", "--bundle", place.bundle(["exit", "3"], { hooks }), "web"]);
      expect(ran.code).toBe(3);
      expect(ran.stderr).toMatch(warning);
      expect(notes()).toEqual([...created, "poststart web running", ...stopped]);

      const failing = (changes: OciHooks, ociVersion = "1.0.2"): string =>
        place.bundle(["silent"], { ociVersion, hooks: { ...hooks, poststop: [hook("last")], ...changes } });
      const bad = failing({ createRuntime: [hook("one", "7"), hook("two")] });
      await refused(
        place,
        ["create", "--bundle", bad, "web"],
        /^Cannot run hook \/hooks\/createRuntime\/0 .*code 7/,
      );
      expect(notes()).toEqual([...created.slice(0, 2), "last web stopped"]);
      await refused(place, ["state", "web"], /does not exist/);

      const poststart = { poststart: [hook("poststart", "7")] };
      const warned = await place.call(["run", "-d", "--bundle", failing(poststart), "web"]);
      expect([warned.code, await place.status("web")]).toEqual([0, "running"]);
      expect(warned.stderr).toMatch(/^Cannot run hook \/hooks\/poststart\/0 /);
      await place.ok("delete", "--force", "web");
      const strict = failing(poststart, "1.3.0");
      await refused(
        place,
        ["run", "-d", "--bundle", strict, "web"],
        /^Cannot run hook \/hooks\/poststart\/0 /,
      );
      await refused(place, ["state", "web"], /does not exist/);
      await place.ok("create", "--bundle", strict, "web");
      await refused(place, ["start", "web"], /^Cannot run hook \/hooks\/poststart\/0 /);
      expect(await place.status("web")).toBe("stopped");
      fs.rmSync(file);
      await place.ok("delete", "web");
      expect(notes()).toEqual(["last web stopped"]);

      const guest = place.bundle(["silent"], { hooks: { startContainer: [hook("x")] } });
      await refused(
        place,
        ["create", "--bundle", guest, "web"],
        /: \/hooks\/startContainer\/0 cannot be exec/,
      );
      const features = JSON.parse(await place.ok("features")) as OciFeatures;
      expect(features.hooks).toEqual(["prestart", "createRuntime", "poststart", "poststop"]);
    });

    inRoot("shows documents with the ids that the service gives to layers", async (place) => {
      const document = await place.ok("spec", "--document", "--bundle", place.bundle(["silent"]));
      const { out } = await openBindings(place.double.koffi, place.double.loadLibrary).vmcompute.NameToGuid(
        "base",
      );
      const { Container } = JSON.parse(document) as ComputeSystem;
      expect(Container?.Storage?.Layers).toEqual([{ Id: guidText(out[0]), Path: "C:\\layers\\base" }]);
      const unmounted = place.bundle(["silent"], { root: { path: "" } });
      const { stderr } = await place.call(["spec", "--document", "--bundle", unmounted]);
      expect(stderr).toMatch(/^The volume of the root file system is made up[^\n]*\n$/);
    });

    inRoot("tells of limits that are cut to what the host has", async (place) => {
      const windows = {
        layerFolders: ["C:\\layers\\base", "C:\\layers\\scratch"],
        resources: { cpu: { count: 100_000 } },
      };
      const { code, stdout, stderr } = await place.call([
        "create",
        "--bundle",
        place.bundle(["silent"], { windows }),
        "web",
      ]);
      expect([code, stdout]).toEqual([0, ""]);
      expect(stderr).toMatch(/^The container's 100000 processors are cut to \d+\r?\n$/);
      await place.ok("delete", "--force", "web");
    });

    inRoot("maps folders that exist into a container, and no others", async (place) => {
      const mounts = (source: string): Partial<OciConfig> => ({
        mounts: [{ destination: "C:\\data", source }],
      });
      const missing = place.bundle(["silent"], mounts("C:\\no\\folder"));
      await refused(
        place,
        ["create", "--bundle", missing, "web"],
        /: \/mounts\/0\/source is "C:\\\\no\\\\folder", which does not exist$/,
      );
      await place.ok("run", "--bundle", place.bundle(["exit", "0"], mounts(place.folder)), "web");
    });

    inRoot("sends what is typed at its console to a process without one", async (place) => {
      const script = join(place.folder, "interrupt.cjs");
      const order = join(place.folder, "order");
      fs.writeFileSync(script, INTERRUPT);
      const env = { NODE_OPTIONS: `--require "${script.replaceAll("\\", "/")}"`, ORDER: order };
      const interrupted = async (words: string[], event: string): Promise<number> => {
        const call = place.start(words, { env });
        const end = finish(call, undefined, words);
        await until(() => place.double.counts().Processes > (words[0] === "run" ? 0 : 1), 30_000);
        fs.writeFileSync(`${order}.new`, event);
        fs.renameSync(`${order}.new`, order);
        return (await end).code;
      };
      expect(await interrupted(["run", "--bundle", place.bundle(["silent"]), "web"], "SIGINT")).toBe(
        CONTROL_C,
      );
      await refused(place, ["state", "web"], /does not exist/);
      await place.ok("run", "-d", "--bundle", place.bundle(["silent"]), "web");
      for (const event of ["SIGINT", "SIGBREAK", "SIGHUP"])
        expect(await interrupted(["exec", "web", place.program, "silent"], event)).toBe(CONTROL_C);
      expect(await place.status("web")).toBe("running");
      await place.ok("delete", "--force", "web");
    });

    inRoot("cleans up after shims and calls that were killed", async (place) => {
      const bundle = place.bundle(["silent"]);
      for (const remove of [["gc"], ["delete", "--force", "web"], ["delete", "web"]]) {
        await place.ok("run", "-d", "--bundle", bundle, "web");
        const { pid } = JSON.parse(await place.ok("state", "web")) as { pid: number };
        process.kill(pid, "SIGKILL");
        await until(() => !isRunning(pid));
        await until(() => place.double.counts().Systems === 0);
        expect(await place.status("web")).toBe("stopped");
        await place.ok(...remove);
        await refused(place, ["state", "web"], /does not exist/);
      }
      for (const remove of [["gc"], ["delete", "--force", "web"]]) {
        place.double.control({ Function: "HcsRegisterComputeSystemCallback", DelayMs: 3000 });
        const call = place.start(["create", "--bundle", bundle, "web"]);
        await until(() => place.double.counts().Systems === 1, 20_000);
        call.kill("SIGKILL");
        await finish(call, undefined, ["create"]);
        await sleep(3000);
        await place.ok(...remove);
        await refused(place, ["state", "web"], /does not exist/);
      }
    });

    inRoot("leaves a container of the same id in another state root alone", async (place) => {
      const other = ["--root", `${place.root}-other`];
      await place.ok(...other, "run", "-d", "--bundle", place.bundle(["exit", "3"]), "web");
      const ended = async (): Promise<boolean> =>
        /"status": ?"stopped"/.test(await place.ok(...other, "state", "web"));
      await until(ended, 20_000);
      await place.ok("create", "--bundle", place.bundle(["silent"]), "web");
      await place.ok(...other, "delete", "web");
      expect(await place.status("web")).toBe("created");
      await place.ok("delete", "web");
    });

    inRoot("leaves what has the id of a container alone whose shim was killed", async (place) => {
      const other = ["--root", `${place.root}-other`];
      const bundle = place.bundle(["silent"]);
      for (const remove of [["delete", "--force", "web"], ["gc"]]) {
        await place.ok(...other, "run", "-d", "--bundle", bundle, "web");
        const { pid } = JSON.parse(await place.ok(...other, "state", "web")) as { pid: number };
        process.kill(pid, "SIGKILL");
        await until(() => place.double.counts().Systems === 0, 20_000);
        await place.ok("run", "-d", "--bundle", bundle, "web");
        expect(await place.ok(...other, "state", "web")).toMatch(/"status": ?"stopped"/);
        await place.ok(...other, ...remove);
        expect(await place.status("web")).toBe("running");
        await place.ok("delete", "--force", "web");
      }
    });

    inRoot("ends the system of a container whose record is damaged, by force only", async (place) => {
      await place.ok("run", "-d", "--bundle", place.bundle(["silent"]), "web");
      place.keys.writeValue("web", "system", { json: "{" });
      const damaged = /^Cannot read the system of container "web": value "system" of HKLM\\.* is damaged$/;
      for (const words of [["state"], ["delete"], ["kill"]]) await refused(place, [...words, "web"], damaged);
      expect(await place.ok("gc")).toBe("");
      await place.ok("delete", "--force", "web");
      await refused(place, ["state", "web"], /does not exist/);
    });

    inRoot("gives back by force what can be read of what a container holds", async (place) => {
      const told =
        /^Cannot give back what container "web" holds: .* is damaged: credentials is "other"\r?\n$/;
      await place.ok("create", "--bundle", place.bundle(["silent"]), "web");
      place.keys.writeValue("web", "resources", { json: '{"credentials":"other"}' });
      const { code, stdout, stderr } = await place.call(["delete", "web"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(told);
      expect(await place.status("web")).toBe("stopped");
      const forced = await place.call(["delete", "--force", "web"]);
      expect([forced.code, forced.stdout]).toEqual([0, ""]);
      expect(forced.stderr).toMatch(told);
      await refused(place, ["state", "web"], /does not exist/);
    });

    inRoot("starts nothing whose shim has gone", async (place) => {
      await place.ok("create", "--bundle", place.bundle(["silent"]), "web");
      const { pid } = JSON.parse(await place.ok("state", "web")) as { pid: number };
      process.kill(pid, "SIGKILL");
      await until(() => place.double.counts().Systems === 0);
      await refused(place, ["start", "web"], /cannot start a container that has stopped/);
      await place.ok("delete", "web");
    });

    inRoot("stops a process whose output nobody reads, and goes on when somebody does", async (place) => {
      await place.ok("run", "-d", "--bundle", place.bundle(["silent"]), "web");
      const call = place.start(["exec", "web", place.program, "spew", "30000000"]);
      await sleep(4000);
      expect(call.exitCode).toBe(null);
      let length = 0;
      call.stdout?.on("data", (chunk: Buffer) => (length += chunk.length));
      await new Promise((resolve) => call.once("exit", resolve));
      await until(() => length === 30_000_000);
      await place.ok("delete", "--force", "web");
    });

    const failing: [operation: string, functions: string[], words: string[], code: number][] = [
      [
        "create",
        ["HcsCreateComputeSystem", "HcsRegisterComputeSystemCallback", "HcsGetComputeSystemProperties"],
        ["create", "--bundle", "BUNDLE", "new"],
        1,
      ],
      ["start", ["HcsStartComputeSystem", "HcsCreateProcess"], ["start", "waits"], 1],
      ["exec", ["HcsOpenComputeSystem", "HcsCreateProcess"], ["exec", "web", "PROGRAM", "silent"], 255],
      ["state", ["HcsOpenComputeSystem", "HcsGetComputeSystemProperties"], ["state", "web"], 1],
      ["pause", ["HcsPauseComputeSystem"], ["pause", "web"], 1],
      ["ps", ["HcsOpenComputeSystem"], ["ps", "web"], 1],
      ["kill", ["HcsOpenProcess", "HcsTerminateProcess"], ["kill", "web", "KILL"], 1],
      ["delete", ["HcsTerminateComputeSystem"], ["delete", "--force", "web"], 1],
    ];
    for (const [operation, functions, words, code] of failing)
      faults.inRoot(`tells in one line why ${operation} failed, and leaves nothing`, async (place) => {
        const bundle = place.bundle(["silent"]);
        await place.ok("run", "-d", "--bundle", bundle, "web");
        for (const name of functions) {
          await place.ok("create", "--bundle", bundle, "waits");
          place.double.control({ Function: name, Result: E_FAIL, Times: 0 });
          const line = words.map((word) =>
            word === "BUNDLE" ? bundle : word === "PROGRAM" ? place.program : word,
          );
          await refused(place, line, /^Cannot .*0x80004005/, { code });
          place.double.control({ Forget: true });
          await place.ok("delete", "--force", "waits");
        }
        await refused(place, ["state", "new"], /does not exist/);
        await place.ok("delete", "--force", "web");
      });

    inRoot("tells that the service has ended, and cleans up once it is back", async (place) => {
      await place.ok("run", "-d", "--bundle", place.bundle(["silent"]), "web");
      const { pid } = JSON.parse(await place.ok("state", "web")) as { pid: number };
      place.double.control({ Dead: true });
      await until(() => !isRunning(pid), 20_000);
      place.double.control({ Dead: false });
      await place.ok("delete", "--force", "web");
    });

    inRoot("writes its logs into named pipes too", async (place) => {
      const said: string[] = [];
      const pipe = `\\\\.\\pipe\\ProtectedPrefix\\Administrators\\log-${randomUUID()}`;
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", (chunk) => void said.push(chunk.toString()));
      });
      await new Promise<void>((listening) => void server.listen(pipe, listening));
      const log = ["--log", pipe, "--log-format", "json"];
      await refused(place, [...log, "state", "web"], /does not exist/);
      await until(() => said.length > 0);
      expect(said.join("")).toMatch(/^\{"level":"error","msg":".*does not exist.*\}\n$/);
      said.length = 0;
      await place.ok("run", "-d", "--bundle", place.bundle(["silent"]), "--shim-log", pipe, "web");
      place.double.control({ Dead: true });
      await until(() => said.length > 0, 20_000);
      expect(said.join("")).toMatch(/^Cannot wait for process \d+ of "web": .*\n$/);
      place.double.control({ Dead: false });
      await place.ok("delete", "--force", "web");
      server.close();
    });

    inRoot("refuses what it cannot do on Windows", async (place) => {
      const bundle = place.bundle(["silent"]);
      await place.ok("run", "-d", "--bundle", bundle, "web");
      await refused(place, ["update", "--memory", "1", "web"], /limits of a container on Windows/);
      await refused(place, ["checkpoint", "web"], /cannot be saved/);
      await refused(place, ["create", "--console-socket", "x", "--bundle", bundle, "b"], /--console-socket/);
      await refused(place, ["kill", "web", "HUP"], /unknown signal "HUP"/);
      await place.ok("kill", "web", "CtrlShutdown");
      await place.ok("delete", "--force", "web");
    });
  });
}
