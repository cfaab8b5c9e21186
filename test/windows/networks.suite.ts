// The network store of Windows over the double.
import type { NetworkStore } from "../../src/hcs/network-store.ts";
import { ComputeError, isAccessDenied, isAlreadyExists, isNotExist } from "../../src/hcs/results.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { WindowsNetworkStore } from "../../src/hcs/windows/network-store.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const UNKNOWN = "00000000-0000-4000-8000-00000000ffff";
const SUBNET = { AddressPrefix: "172.20.0.0/16", GatewayAddress: "172.20.0.1" };

export function describeNetworks({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  const open = (): NetworkStore =>
    new WindowsNetworkStore(openBindings(double().koffi, double().loadLibrary), readTimeouts({}));

  /** The one that is expected, in the words of the service: with a number, without one, or no JSON at all. */
  const answer = (document: unknown): void =>
    double().control({
      Function: "HNSCall",
      Result: 0,
      Document: typeof document === "string" ? document : JSON.stringify(document),
    });

  /** What is there after a test must be what was there before. */
  const withStore = (name: string, body: (store: NetworkStore) => Promise<void>): void => {
    test(name, async () => {
      const store = open();
      const objects = async () =>
        [await store.listNetworks(), await store.listEndpoints(), await store.listPolicyLists()].flat();
      const [before, held] = [await objects(), double().held()];
      await body(store);
      double().control({ Forget: true });
      expect([await objects(), double().held()]).toEqual([before, held]);
    });
  };

  async function withEndpoints(store: NetworkStore, body: (ids: string[]) => Promise<void>): Promise<void> {
    const network = await store.createNetwork({ Name: "Nat", Type: "NAT", Subnets: [SUBNET] });
    const endpoints = [];
    for (const Name of ["one", "two"])
      endpoints.push(await store.createEndpoint({ Name, VirtualNetwork: network.ID }));
    await body(endpoints.map(({ ID }) => ID));
    for (const { ID } of endpoints) await store.removeEndpoint(ID);
    await store.removeNetwork(network.ID);
  }

  describe("the network store of Windows", () => {
    withStore("makes networks with their policies, and finds them", async (store) => {
      const Policies = [{ Type: "VSID", VSID: 5 }];
      const made = await store.createNetwork({ Name: "nat é", Type: "NAT", Subnets: [SUBNET], Policies });
      expect(await store.network(made.ID)).toEqual(made);
      expect(await store.network(`{${made.ID}}`)).toEqual(made);
      expect([await store.findNetwork("NAT É"), made.Policies]).toEqual([made, Policies]);
      expect((await store.listNetworks()).map(({ ID }) => ID)).toContain(made.ID);
      await store.removeNetwork(made.ID);
      const { ID } = made;
      for (const ask of [
        () => store.network(ID),
        () => store.removeNetwork(ID),
        () => store.findNetwork("nat é"),
      ])
        expect(isNotExist(await failureOf<ComputeError>(ask(), ComputeError))).toBe(true);
    });

    withStore("refuses a subnet without a gateway before it asks", async (store) => {
      const calls = double().counts().Calls;
      const failure = await failureOf(
        store.createNetwork({ Name: "nat", Subnets: [SUBNET, { AddressPrefix: "10.0.0.0/8" }] }),
        ComputeError,
      );
      expect(failure.message).toBe(
        'Cannot create network "nat": its subnet "10.0.0.0/8" has no gateway (ERROR_INVALID_PARAMETER 0x80070057)',
      );
      expect(double().counts().Calls).toBe(calls);
    });

    withStore("makes, changes, attaches and measures endpoints", async (store) => {
      await withEndpoints(store, async ([id = ""]) => {
        const found = await store.findEndpoint("ONE");
        const changed = await store.updateEndpoint({ ...found, Policies: [{ Type: "L2Driver" }] });
        expect([await store.endpoint(id), changed.ID]).toEqual([changed, id]);
        const container = { ContainerId: "web", SystemType: "Container" } as const;
        await store.attachEndpoint(id, container);
        expect((await store.endpoint(id)) as { State?: unknown }).toEqual({ ...changed, State: "Attached" });
        await store.detachEndpoint(id, container);
        const { BytesSent, EndpointId } = await store.endpointStatistics(id);
        expect([BytesSent, EndpointId]).toEqual([2n ** 64n - 1n, id]);
        const absent = await failureOf(store.attachEndpoint(UNKNOWN, container), ComputeError);
        expect([isNotExist(absent), absent.message]).toEqual([
          true,
          `Cannot attach endpoint "${UNKNOWN}": the element was not found (ERROR_NOT_FOUND 0x80070490)`,
        ]);
      });
    });

    withStore("fills namespaces, and empties them", async (store) => {
      await withEndpoints(store, async ([one = "", two = ""]) => {
        const { ID } = await store.createNamespace();
        expect(await store.endpointsOf(ID)).toEqual([]);
        await store.addToNamespace(ID, one);
        await store.addToNamespace(ID, two);
        expect(await store.endpointsOf(ID)).toEqual([one, two]);
        await store.removeFromNamespace(ID, one);
        expect(await store.endpointsOf(ID)).toEqual([two]);
        await store.removeNamespace(ID);
        expect(isNotExist(await failureOf(store.endpointsOf(ID), ComputeError))).toBe(true);
      });
    });

    withStore("gives a container a namespace of its own, and takes it back twice", async (store) => {
      await withEndpoints(store, async (endpoints) => {
        const notes: unknown[] = [];
        const attachment = await store.attachEndpoints({ endpoints }, (early) => {
          notes.push(JSON.parse(JSON.stringify(early)), double().counts().Calls);
        });
        expect([notes[0], double().counts().Calls]).toEqual([
          attachment,
          Number(notes[1]) + endpoints.length,
        ]);
        expect([attachment.isOwn, attachment.endpoints]).toEqual([true, endpoints]);
        expect(await store.endpointsOf(attachment.namespace)).toEqual(endpoints);
        const kept = JSON.parse(JSON.stringify(attachment)) as typeof attachment;
        await open().releaseEndpoints(kept);
        expect(isNotExist(await failureOf(store.namespace(attachment.namespace), ComputeError))).toBe(true);
        await store.releaseEndpoints(kept);
      });
    });

    withStore("leaves a namespace alone that others have made", async (store) => {
      const { ID } = await store.createNamespace();
      const attachment = await store.attachEndpoints({ namespace: ID, endpoints: [UNKNOWN] });
      expect(attachment).toEqual({ namespace: ID, isOwn: false, endpoints: [] });
      await store.releaseEndpoints(attachment);
      await store.removeNamespace(ID);
      const calls = double().counts().Calls;
      const unasked = await store.attachEndpoints({ namespace: ID, endpoints: [] });
      await store.releaseEndpoints(unasked);
      expect(double().counts().Calls).toBe(calls);
    });

    withStore("undoes what it gave when an endpoint is missing, or the service fails", async (store) => {
      await withEndpoints(store, async ([one = "", two = ""]) => {
        const before = (await store.createNamespace()).ID;
        const missing = await failureOf(
          store.attachEndpoints({ endpoints: [one, UNKNOWN, two] }),
          ComputeError,
        );
        expect(missing.message).toMatch(
          /^Cannot put endpoint ".+ffff" into network namespace ".+": the element was not found \(ERROR_NOT_FOUND/,
        );
        expect(missing.suppressed).toEqual([]);
        const gone = await failureOf(store.namespace(nextOf(before)), ComputeError);
        expect(isNotExist(gone)).toBe(true);
        await store.removeNamespace(before);
      });
    });

    withStore("releases what it can when a step fails, and tells of it", async (store) => {
      await withEndpoints(store, async (endpoints) => {
        const attachment = await store.attachEndpoints({ endpoints });
        answer({ Success: false, Error: "Access is denied." });
        const failure = await failureOf(store.releaseEndpoints(attachment), ComputeError);
        expect([isAccessDenied(failure), failure.suppressed]).toEqual([true, []]);
        expect(isNotExist(await failureOf(store.namespace(attachment.namespace), ComputeError))).toBe(true);
      });
    });

    withStore("keeps lists of policies", async (store) => {
      const list = { References: [`/endpoints/${UNKNOWN}`], Policies: [{ Type: "ELB", VIPs: ["10.0.0.1"] }] };
      const made = await store.createPolicyList(list);
      expect((await store.listPolicyLists()).map(({ ID }) => ID)).toContain(made.ID);
      await store.removePolicyList(made.ID);
      expect(await store.version()).toEqual({ Major: 9, Minor: 2 });
    });

    for (const [what, document, code, message] of [
      [
        "a number",
        { Success: false, Error: "x", ErrorCode: 0x803b0010 },
        "HCS_HCN_E_NETWORK_ALREADY_EXISTS",
        /^Cannot create network "nat": .+ \(HCN_E_NETWORK_ALREADY_EXISTS 0x803B0010\)$/,
      ],
      [
        "a negative number",
        { Success: false, ErrorCode: 0x803b0010 | 0 },
        "HCS_HCN_E_NETWORK_ALREADY_EXISTS",
        /0x803B0010\)$/,
      ],
      [
        "words",
        { Success: false, Error: "The parameter is incorrect. " },
        "HCS_ERROR_INVALID_PARAMETER",
        /: a parameter is invalid \(/,
      ],
      [
        "unknown words",
        { Success: false, Error: "Line\none." },
        "HCS_E_FAIL",
        /^Cannot create network "nat": Line\\u000aone \(E_FAIL 0x80004005\)$/,
      ],
      [
        "an unknown number",
        { Success: false, Error: "Odd.", ErrorCode: 0x803b0999 },
        "HCS_UNKNOWN_RESULT",
        /: Odd \(UNKNOWN_RESULT 0x803B0999\)$/,
      ],
      ["nothing", {}, "HCS_E_FAIL", /^Cannot create network "nat": .+\(E_FAIL 0x80004005\)$/],
      ["no JSON", "oops", "HCS_ERROR_INVALID_DATA", /invalid/],
      ["an empty text", "", "HCS_ERROR_INVALID_DATA", /invalid/],
      ["a list", [], "HCS_E_FAIL", /E_FAIL/],
      ["success without a network", { Success: true }, "HCS_ERROR_INVALID_DATA", /invalid/],
      ["a network without an id", { Success: true, Output: { ID: 7 } }, "HCS_ERROR_INVALID_DATA", /invalid/],
    ] as const)
      withStore(`tells of a refusal with ${what}`, async (store) => {
        answer(document);
        const failure = await failureOf(store.createNetwork({ Name: "nat" }), ComputeError);
        expect(failure.code).toBe(code);
        expect(failure.message).toMatch(message);
        expect(isAlreadyExists(failure)).toBe(code === "HCS_HCN_E_NETWORK_ALREADY_EXISTS");
        expect(failure.message.includes("\n")).toBe(false);
      });

    withStore("tells of a service that cannot be called", async (store) => {
      double().control({ Function: "HNSCall", Result: 0x80070005 | 0 });
      expect(isAccessDenied(await failureOf(store.listNetworks(), ComputeError))).toBe(true);
      answer({ Success: true, Output: {} });
      expect((await failureOf(store.listNetworks(), ComputeError)).code).toBe("HCS_ERROR_INVALID_DATA");
      answer({ Success: true, Output: null });
      expect(await store.listNetworks()).toEqual([]);
    });

    withStore("puts nothing but ids into the paths of its requests", async (store) => {
      const calls = double().counts().Calls;
      for (const id of ["", "../networks", `${UNKNOWN}/x`, "é", `{${UNKNOWN}`.slice(0, 20)]) {
        const failure = await failureOf(store.removeEndpoint(id), ComputeError);
        expect(failure.message).toMatch(/its id is no GUID \(ERROR_INVALID_PARAMETER 0x80070057\)$/);
      }
      expect(double().counts().Calls).toBe(calls);
    });
  });
}

/** The double counts the ids of its objects. */
function nextOf(id: string): string {
  const number = Number.parseInt(id.slice(0, 8), 16) + 1;
  return number.toString(16).padStart(8, "0") + id.slice(8);
}
