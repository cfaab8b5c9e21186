// Containers in utility VMs on Windows, by the whole program: VMs of their own, pods, and what they get and give back.
import * as fs from "node:fs";
import { join } from "node:path";
import type { OciConfig } from "../../src/schema/oci.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import { finish, type CommandLine, type CommandLineTests } from "./command-line.ts";
import { sleep, until } from "./measure.ts";
import { isRunning } from "./processes.ts";
import { baseLayer, vmBundle } from "./vm-bundle.ts";

const NO_RESOURCES = 0x8007_05aa | 0;
const TYPE = "io.kubernetes.cri.container-type";
const SANDBOX = "io.kubernetes.cri.sandbox-id";

function pid(text: string): number {
  return (JSON.parse(text) as { pid: number }).pid;
}

/** Declares the tests. */
export function describeVmContainers(
  { describe, expect }: TestRunner,
  { inRoot, refused }: CommandLineTests,
): void {
  const systems = async (place: CommandLine): Promise<string> => place.ok("list", "--all", "--quiet");

  describe("a container in a VM on Windows", () => {
    for (const guest of ["windows", "linux"] as const)
      inRoot(`lives in a VM of its own (${guest})`, async (place) => {
        await place.ok("create", "--bundle", vmBundle(place, guest), "web");
        expect(await place.status("web")).toBe("created");
        expect(await systems(place)).toBe("web\nweb@vm\n");
        expect(place.double.counts().Devices > 2).toBe(true);
        await place.ok("start", "web");
        expect(await place.status("web")).toBe("running");
        const exec = await place.call(["exec", "web", place.program, "cat"], { input: "through the VM\n" });
        expect(exec).toEqual({ code: 0, stdout: "through the VM\n", stderr: "" });
        expect((await place.call(["exec", "web", place.program, "exit", "77"])).code).toBe(77);
        await place.ok("pause", "web");
        await place.ok("resume", "web");
        expect((JSON.parse(await place.ok("ps", "-f", "json", "web")) as number[]).length).toBe(1);
        await place.ok("kill", "web", "KILL");
        await until(async () => (await place.status("web")) === "stopped");
        await place.ok("delete", "web");
        expect(await systems(place)).toBe("");
      });

    for (const guest of ["windows", "linux"] as const)
      inRoot(`is run, waited for and removed (${guest})`, async (place) => {
        const bundle = vmBundle(place, guest, ["exit", "300"]);
        expect((await place.call(["run", "--bundle", bundle, "web"])).code).toBe(300);
        await refused(place, ["state", "web"], /does not exist/);
      });

    inRoot("ends with its shim, and its VM with whoever owns it", async (place) => {
      await place.ok("run", "-d", "--bundle", vmBundle(place, "windows"), "web");
      process.kill(pid(await place.ok("state", "web")), "SIGKILL");
      await until(() => place.double.counts().Processes === 0);
      expect(await systems(place)).toBe("web\nweb@vm\n");
      expect(await place.status("web")).toBe("stopped");
      expect(await place.ok("gc")).toMatch(/"web"/);
      await until(() => place.double.counts().Systems === 0);
    });

    inRoot("gets its mounts, and scratches where it has none", async (place) => {
      const folder = join(place.folder, "data");
      fs.mkdirSync(folder);
      fs.writeFileSync(join(folder, "one"), "");
      const mounts = [
        { source: "..\\data", destination: "C:\\data", options: ["ro"] },
        { source: join(folder, "one"), destination: "C:\\one" },
        { source: "\\\\.\\pipe\\engine", destination: "\\\\.\\pipe\\engine" },
      ];
      const bundle = vmBundle(place, "windows", ["silent"], { mounts });
      const missing = vmBundle(place, "windows", ["silent"], {
        mounts: [{ source: join(folder, "two"), destination: "C:\\two" }],
      });
      await place.ok("create", "--bundle", bundle, "web");
      await refused(
        place,
        ["create", "--bundle", missing, "other"],
        /\/mounts\/0\/source .*bind mount target/,
      );
      expect(await systems(place)).toBe("web\nweb@vm\n");
      await place.ok("delete", "web");
      const linux = [
        { source: folder, destination: "/data", type: "bind", options: ["rbind"] },
        { source: join(folder, "one"), destination: "/one", type: "bind" },
      ];
      const scratch = join(place.folder, "new");
      const windows = { layerFolders: [baseLayer(place), scratch] };
      await place.ok("create", "--bundle", vmBundle(place, "linux", [], { mounts: linux, windows }), "web");
      expect(fs.statSync(join(scratch, "sandbox.vhdx")).size > 1024 ** 2).toBe(true);
      await place.ok("delete", "--force", "web");
    });
  });

  describe("credentials in a VM on Windows", () => {
    inRoot("are guarded until the container is deleted, or could not be created", async (place) => {
      const layers = { layerFolders: [baseLayer(place), join(place.folder, "scratch-guarded")], hyperv: {} };
      const windows = { ...layers, credentialSpec: '{"CmsPlugins":["ActiveDirectory"]}' };
      const guarded = vmBundle(place, "windows", ["silent"], { windows } as Partial<OciConfig>);
      await place.ok("create", "--bundle", vmBundle(place, "windows"), "plain");
      const { Devices } = place.double.counts();
      await place.ok("delete", "plain");
      await place.ok("create", "--bundle", guarded, "web");
      // The guest reaches the guard by a service of its VM.
      expect([place.double.counts().Credentials, place.double.counts().Devices]).toEqual([1, Devices + 1]);
      await place.ok("delete", "web");
      place.double.control({ Function: "HcsModifyComputeSystem", Result: NO_RESOURCES, Times: 1 });
      await refused(place, ["create", "--bundle", guarded, "web"], /^Cannot .*ERROR_NO_SYSTEM_RESOURCES/);
      expect(place.double.counts().Credentials).toBe(0);
    });
  });

  describe("a pod in a VM on Windows", () => {
    for (const guest of ["windows", "linux"] as const)
      inRoot(`has its containers in one VM (${guest})`, async (place) => {
        const sandbox = { annotations: { [TYPE]: "sandbox", [SANDBOX]: "pod" } };
        const member = { annotations: { [TYPE]: "container", [SANDBOX]: "pod" } };
        await place.ok("run", "-d", "--bundle", vmBundle(place, guest, ["silent"], sandbox), "pod");
        const { Devices } = place.double.counts();
        for (const id of ["one", "two"])
          await place.ok("run", "-d", "--bundle", vmBundle(place, guest, ["silent"], member), id);
        expect(await systems(place)).toBe("one\npod\ntwo\npod@vm\n");
        await place.ok("kill", "one", "KILL");
        await until(async () => (await place.status("one")) === "stopped");
        await place.ok("delete", "one");
        await place.ok("delete", "--force", "two");
        // The VM has no more than before, and runs.
        expect(place.double.counts().Devices).toBe(Devices);
        await place.ok("run", "-d", "--bundle", vmBundle(place, guest, ["silent"], member), "one");
        await place.ok("delete", "--force", "pod");
        expect(await place.status("one")).toBe("stopped");
        await place.ok("delete", "one");
      });

    inRoot("takes none that does not belong to it", async (place) => {
      const of = (sandbox: string, type = "container"): Partial<OciConfig> => ({
        annotations: { [TYPE]: type, [SANDBOX]: sandbox },
      });
      const create = (...words: string[]): string[] => ["create", "--bundle", ...words];
      const bundle = (changes: Partial<OciConfig>): string => vmBundle(place, "linux", ["silent"], changes);
      await place.ok(...create(bundle(of("pod", "sandbox")), "pod"));
      await place.ok(...create(place.bundle(["silent"]), "plain"));
      await place.ok(...create(bundle(of("pod")), "member"));
      await refused(place, create(bundle(of("x", "sandbox")), "new"), /sandbox ID must match ID/);
      await refused(place, create(bundle(of("member")), "new"), /container member is not a sandbox/);
      await refused(place, create(bundle(of("plain")), "new"), /plain is not a VM isolated sandbox/);
      await refused(place, create(bundle(of("none")), "new"), /does not exist/);
      const hosted = [bundle({}), "--host"];
      await refused(place, create(...hosted, "plain", "new"), /host container plain is not a VM host/);
      await refused(place, create(...hosted, "member", "new"), /host container member is not a VM host/);
      await refused(
        place,
        create(bundle(of("pod")), "--host", "plain", "new"),
        /sandbox container pod has a different host pod from the requested host plain/,
      );
      await refused(
        place,
        create(place.bundle(["silent"], of("plain")), "--host", "pod", "new"),
        /plain is not running in a VM host, but host pod was specified/,
      );
      const windows = vmBundle(place, "windows", ["silent"], of("pod"));
      await refused(place, create(windows, "new"), /a Windows container, and the VM of .* a Linux guest/);
      await place.ok(...create(...hosted, "pod", "guest"));
      for (const id of ["guest", "member", "plain", "pod"]) await place.ok("delete", id);
    });
  });

  describe("what a container in a VM leaves", () => {
    const failing = [
      "GrantVmAccess",
      "HcsCreateComputeSystem",
      "HcsStartComputeSystem",
      "HcsModifyComputeSystem",
      "HcsRegisterComputeSystemCallback",
    ];
    for (const name of failing)
      inRoot(`is nothing if ${name} fails`, async (place) => {
        const bundle = vmBundle(place, "windows");
        place.double.control({ Function: name, Result: NO_RESOURCES, Times: 0 });
        await refused(place, ["create", "--bundle", bundle, "web"], /^Cannot .*ERROR_NO_SYSTEM_RESOURCES/);
        place.double.control({ Forget: true });
        await refused(place, ["state", "web"], /does not exist/);
      });

    inRoot("is nothing in the VM of a pod if one of its devices fails", async (place) => {
      const sandbox = { annotations: { [TYPE]: "sandbox", [SANDBOX]: "pod" } };
      const member = { annotations: { [TYPE]: "container", [SANDBOX]: "pod" } };
      await place.ok("create", "--bundle", vmBundle(place, "windows", [], sandbox), "pod");
      const bundle = vmBundle(place, "windows", ["silent"], member);
      const { Devices } = place.double.counts();
      for (const name of ["HcsModifyComputeSystem", "HcsCreateComputeSystem"]) {
        place.double.control({ Function: name, Result: NO_RESOURCES, Times: 1 });
        await refused(place, ["create", "--bundle", bundle, "one"], /^Cannot .*ERROR_NO_SYSTEM_RESOURCES/);
        place.double.control({ Forget: true });
        expect(place.double.counts().Devices).toBe(Devices);
      }
      await place.ok("create", "--bundle", bundle, "one");
      await place.ok("delete", "--force", "one");
      expect(place.double.counts().Devices).toBe(Devices);
      await place.ok("delete", "pod");
    });

    inRoot("is the VM of a container of the same id in another state root", async (place) => {
      await place.ok("create", "--bundle", vmBundle(place, "linux"), "web");
      const other = ["--root", `${place.root}-other`];
      const create = ["create", "--bundle", vmBundle(place, "linux"), "web"];
      await refused(place, [...other, ...create], /^Cannot create "web@vm": .*ALREADY_EXISTS/);
      expect((await place.call([...other, "list", "-q"])).stdout).toBe("");
      expect(await systems(place)).toBe("web\nweb@vm\n");
      await place.ok("start", "web");
      await place.ok("delete", "--force", "web");
    });

    inRoot("is no VM if its call is killed before there was one", async (place) => {
      // The copy of the scratch of a Windows VM takes long.
      place.double.control({ Function: "GrantVmAccess", DelayMs: 3000, Times: 0 });
      const call = place.start(["create", "--bundle", vmBundle(place, "windows"), "web"]);
      await until(() => place.calls().length > 1, 20_000);
      call.kill("SIGKILL");
      await finish(call, undefined, ["create"]);
      await place.ok("delete", "--force", "web");
      place.double.control({ Forget: true });
      await until(() => place.calls().length === 0, 20_000);
    });

    inRoot("is found when its call is killed", async (place) => {
      for (const remove of [["gc"], ["delete", "--force", "web"]]) {
        place.double.control({ Function: "HcsStartComputeSystem", DelayMs: 3000, Times: 0 });
        const call = place.start(["create", "--bundle", vmBundle(place, "linux"), "web"]);
        await until(() => place.double.counts().Systems === 1, 20_000);
        call.kill("SIGKILL");
        await finish(call, undefined, ["create"]);
        place.double.control({ Forget: true });
        await place.ok(...remove);
        await until(() => place.double.counts().Systems === 0, 20_000);
        await refused(place, ["state", "web"], /does not exist/);
      }
    });

    inRoot("is stopped when the owner of its VM is killed", async (place) => {
      await place.ok("run", "-d", "--bundle", vmBundle(place, "linux"), "web");
      const shim = pid(await place.ok("state", "web"));
      for (const owner of place.processes())
        if (owner !== shim && isRunning(owner)) process.kill(owner, "SIGKILL");
      await until(() => place.double.counts().Systems === 0, 20_000);
      expect(await place.status("web")).toBe("stopped");
      await place.ok("delete", "web");
    });

    inRoot("is not removed before the service has let its VM go, whose owner was killed", async (place) => {
      await place.ok("run", "-d", "--bundle", vmBundle(place, "linux"), "web");
      const hcs = new HcsService(
        openBindings(place.double.koffi, place.double.loadLibrary),
        readTimeouts({}),
      );
      const vm = await hcs.openSystem("web@vm");
      for (const owner of place.processes()) if (isRunning(owner)) process.kill(owner, "SIGKILL");
      await until(() => place.double.counts().Systems === 1, 20_000);
      const deletion = place.start(["delete", "--force", "web"]);
      const result = finish(deletion, undefined, ["delete"]);
      await sleep(5000);
      expect([deletion.exitCode, place.keys.hasKey("web")]).toEqual([null, true]);
      await vm.close();
      hcs.close();
      const { code, stderr } = await result;
      expect([code, stderr]).toEqual([0, ""]);
    });

    inRoot("is told of in the log of its VM if that ends unasked", async (place) => {
      const log = join(place.folder, "vm.log");
      const create = ["create", "--bundle", vmBundle(place, "linux"), "--vm-log", log];
      await place.ok(...create, "--vm-console", "\\\\.\\pipe\\console", "web");
      place.double.control({ Dead: true });
      await until(() => fs.readFileSync(log, "utf8") !== "", 20_000);
      expect(fs.readFileSync(log, "utf8")).toMatch(/^Cannot wait for "web@vm": .*\n$/);
      await until(() => place.processes().length === 0, 20_000);
      place.double.control({ Dead: false });
      await place.ok("delete", "--force", "web");
    });

    inRoot("is refused before anything is made", async (place) => {
      const refuse = async (changes: Partial<OciConfig>, text: RegExp): Promise<void> => {
        const bundle = vmBundle(place, "windows", ["silent"], changes);
        await refused(place, ["create", "--bundle", bundle, "web"], text);
      };
      const vm = "io.microsoft.virtualmachine";
      await refuse({ annotations: { [`${vm}.cpugroup.id`]: "g1" } }, /VMs join no group of processors/);
      await refuse({ annotations: { [`${vm}.saveastemplate`]: "true" } }, /VMs are not cloned/);
      await refuse({ annotations: { [`${vm}.useexternalgcsbridge`]: "true" } }, /talks to the guest/);
      const bundle = vmBundle(place, "windows");
      fs.rmSync(join(place.folder, "base", "UtilityVM"), { recursive: true });
      await refused(
        place,
        ["create", "--bundle", bundle, "web"],
        /utilityVMPath is missing, and no layer has a/,
      );
    });
  });
}
