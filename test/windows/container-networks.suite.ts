// Containers on Windows that join networks, from their bundles to the store of the network service.
import * as fs from "node:fs";
import { join } from "node:path";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { WindowsNetworkStore } from "../../src/hcs/windows/network-store.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { OciConfig } from "../../src/schema/oci.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { finish, type CommandLine, type CommandLineTests } from "./command-line.ts";
import { until } from "./measure.ts";
import { vmBundle } from "./vm-bundle.ts";

const CRI = "io.kubernetes.cri";
const UNKNOWN = "00000000-0000-4000-8000-00000000ffff";
const LAYERS = { layerFolders: ["C:\\layers\\base", "C:\\layers\\scratch"] };
const NO_RESOURCES = 0x8007_05aa | 0;

/** The network service, with two endpoints in it. */
interface Network {
  store: WindowsNetworkStore;
  endpoints: string[];
  namespaces(): Promise<string[]>;
}

async function withNetwork(place: CommandLine, act: (network: Network) => Promise<void>): Promise<void> {
  const bindings = openBindings(place.double.koffi, place.double.loadLibrary);
  const store = new WindowsNetworkStore(bindings, readTimeouts({}));
  const network = await store.createNetwork({ Name: "nat", Type: "NAT" });
  const endpoints: string[] = [];
  for (const Name of ["one", "two"])
    endpoints.push((await store.createEndpoint({ Name, VirtualNetwork: network.ID })).ID);
  const namespaces = async (): Promise<string[]> => {
    const { out } = await bindings.vmcompute.HNSCall("GET", "/namespaces/", "");
    const { Output } = JSON.parse(out[0] ?? "{}") as { Output?: { ID: string }[] };
    return (Output ?? []).map(({ ID }) => ID);
  };
  try {
    await act({ store, endpoints, namespaces });
  } finally {
    place.double.control({ Forget: true });
    for (const id of endpoints) await store.removeEndpoint(id);
    await store.removeNetwork(network.ID);
    for (const id of await namespaces()) await store.removeNamespace(id);
  }
}

function joining(network: NonNullable<NonNullable<OciConfig["windows"]>["network"]>): Partial<OciConfig> {
  return { windows: { ...LAYERS, network } };
}

/** Declares the tests. */
export function describeContainerNetworks(
  { describe, expect }: TestRunner,
  { inRoot, refused }: CommandLineTests,
): void {
  describe("a container of Windows and its network", () => {
    inRoot("gets a namespace of its own with its endpoints until it is deleted", async (place) => {
      await withNetwork(place, async ({ store, endpoints, namespaces }) => {
        const bundle = place.bundle(["silent"], joining({ endpointList: endpoints }));
        await place.ok("run", "-d", "--bundle", bundle, "web");
        const [namespace = "", ...others] = await namespaces();
        expect([others, await store.endpointsOf(namespace)]).toEqual([[], endpoints]);
        expect(place.keys.readValue("web", "netns")).toBe(namespace);
        await place.ok("kill", "web", "KILL");
        await until(() => place.double.counts().Systems === 0);
        expect(await namespaces()).toEqual([namespace]);
        await place.ok("delete", "web");
        expect(await namespaces()).toEqual([]);
        const ends = place.bundle(["exit", "3"], joining({ endpointList: endpoints }));
        expect((await place.call(["run", "--bundle", ends, "web"])).code).toBe(3);
        expect(await namespaces()).toEqual([]);
      });
    });

    inRoot("shares the namespace of another container, or joins one that exists", async (place) => {
      await withNetwork(place, async ({ store, endpoints, namespaces }) => {
        const first = place.bundle(["silent"], joining({ endpointList: endpoints }));
        await place.ok("run", "-d", "--bundle", first, "first");
        const [own = ""] = await namespaces();
        const sharing = joining({ networkSharedContainerName: "first" });
        await place.ok("run", "-d", "--bundle", place.bundle(["silent"], sharing), "second");
        expect([await namespaces(), place.keys.readValue("second", "netns")]).toEqual([[own], own]);
        await place.ok("delete", "--force", "second");
        expect(await store.endpointsOf(own)).toEqual(endpoints);
        await place.ok("delete", "--force", "first");
        expect(await namespaces()).toEqual([]);
        const { ID } = await store.createNamespace();
        const named = joining({ networkNamespace: ID });
        await place.ok("run", "-d", "--bundle", place.bundle(["silent"], named), "web");
        expect([await namespaces(), place.keys.readValue("web", "netns")]).toEqual([[ID], ID]);
        await place.ok("delete", "--force", "web");
        expect(await namespaces()).toEqual([ID]);
      });
    });

    inRoot("has nothing of it when it could not be created", async (place) => {
      await withNetwork(place, async ({ endpoints, namespaces }) => {
        const create = (endpointList: string[]) => [
          "create",
          "--bundle",
          place.bundle(["silent"], joining({ endpointList })),
          "web",
        ];
        const missing =
          /^Cannot put endpoint "0{8}-.*ffff" into network namespace "[^"]+": .*ERROR_NOT_FOUND/;
        await refused(place, create([...endpoints, UNKNOWN]), missing);
        const sharing = place.bundle(["silent"], joining({ networkSharedContainerName: "nobody" }));
        await refused(place, ["create", "--bundle", sharing, "web"], /"nobody" does not exist/);
        expect(await namespaces()).toEqual([]);
        for (const [name, text] of [
          ["HNSCall", /^Cannot create network namespace: .*ERROR_NO_SYSTEM_RESOURCES/],
          ["HcsCreateComputeSystem", /^Cannot create "web": .*ERROR_NO_SYSTEM_RESOURCES/],
        ] as const) {
          place.double.control({ Function: name, Result: NO_RESOURCES });
          await refused(place, create(endpoints), text);
          expect(await namespaces()).toEqual([]);
        }
        await refused(place, ["state", "web"], /does not exist/);
      });
    });

    for (const guest of ["windows", "linux"] as const)
      inRoot(`reaches into the VM of a container, and of its pod once (${guest})`, async (place) => {
        await withNetwork(place, async ({ endpoints, namespaces }) => {
          const bundle = (type: string, endpointList?: string[]): string => {
            const made = vmBundle(place, guest);
            const file = join(made, "config.json");
            const config = JSON.parse(fs.readFileSync(file, "utf8")) as OciConfig & { windows: object };
            config.annotations = { [`${CRI}.container-type`]: type, [`${CRI}.sandbox-id`]: "pod" };
            config.windows = {
              ...config.windows,
              network: endpointList === undefined ? {} : { endpointList },
            };
            fs.writeFileSync(file, JSON.stringify(config));
            return made;
          };
          await place.ok("create", "--bundle", vmBundle(place, guest), "pod");
          const { Devices } = place.double.counts();
          await place.ok("delete", "pod");
          await place.ok("create", "--bundle", bundle("sandbox", endpoints), "pod");
          // An adapter for each endpoint.
          expect(place.double.counts().Devices).toBe(Devices + endpoints.length);
          const [namespace = "", ...others] = await namespaces();
          expect(others).toEqual([]);
          await place.ok("create", "--bundle", bundle("container"), "one");
          expect(place.keys.readValue("one", "netns")).toBe(namespace);
          await place.ok("delete", "one");
          expect([await namespaces(), place.double.counts().Devices]).toEqual([
            [namespace],
            Devices + endpoints.length,
          ]);
          await place.ok("delete", "pod");
          expect(await namespaces()).toEqual([]);
        });
      });

    inRoot("is found by gc when the call that created it was killed", async (place) => {
      await withNetwork(place, async ({ endpoints, namespaces }) => {
        const bundle = place.bundle(["silent"], joining({ endpointList: endpoints }));
        place.double.control({ Function: "HcsCreateComputeSystem", DelayMs: 2000 });
        const call = place.start(["create", "--bundle", bundle, "web"]);
        await until(() => place.double.counts().Delayed > 0, 20_000);
        call.kill("SIGKILL");
        await finish(call, undefined, ["create"]);
        expect((await namespaces()).length).toBe(1);
        expect(await place.ok("gc")).toContain("web");
        expect(await namespaces()).toEqual([]);
      });
    });

    inRoot("stays to be released by delete when it cannot be released at once", async (place) => {
      await withNetwork(place, async ({ endpoints, namespaces }) => {
        const bundle = place.bundle(["silent"], joining({ endpointList: endpoints }));
        await place.ok("run", "-d", "--bundle", bundle, "web");
        place.double.control({ Function: "HNSCall", Result: NO_RESOURCES, Times: 3 });
        await refused(
          place,
          ["delete", "--force", "web"],
          /^Cannot take endpoint .*ERROR_NO_SYSTEM_RESOURCES/,
        );
        expect((await namespaces()).length).toBe(1);
        await place.ok("delete", "--force", "web");
        expect(await namespaces()).toEqual([]);
      });
    });
  });
}
