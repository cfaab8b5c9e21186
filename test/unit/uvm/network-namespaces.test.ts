import { beforeEach, describe, expect, test } from "vitest";
import type { HnsEndpoint } from "../../../src/schema/hns.ts";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver } from "./far-side.ts";

const ID = "9F1B5A10-0000-4000-8000-000000000001";
const ENDPOINT: HnsEndpoint = {
  ID: "9f1b5a10-0000-4000-8000-0000000000e1",
  MacAddress: "00-15-5D-01-02-03",
  IPAddress: "172.20.0.2",
  PrefixLength: 20,
  GatewayAddress: "172.20.0.1",
  DNSServerList: "172.20.0.1",
  EnableLowMetric: true,
  EncapOverhead: 50,
  Namespace: { ID },
};
const SECOND: HnsEndpoint = { ...ENDPOINT, ID: "9f1b5a10-0000-4000-8000-0000000000e2" };

/** Replaces the ids that adapters are given by their order. */
function numbered(calls: unknown[]): unknown {
  const text = JSON.stringify(calls);
  const ids = [...new Set([...text.matchAll(/NetworkAdapters\/([0-9a-f-]{36})/g)].map(([, id = ""]) => id))];
  return JSON.parse(ids.reduce((all, id, index) => all.replaceAll(id, `NIC${index}`), text));
}

describe("in a Windows guest", () => {
  let far: FarSide;
  let vm: UtilityVm;
  beforeEach(async () => {
    far = new FarSide({ os: "windows" });
    vm = await vmOver(far);
  });

  test("namespace, announcement, adapter; and all that back", async () => {
    const document = { ID, NamespaceId: 2 };
    await vm.networks.add({ id: ID, document, endpoints: [ENDPOINT] });
    expect(vm.networks.endpoints(ID)).toEqual([ENDPOINT.ID]);
    await vm.networks.remove(ID);
    const adapter = { EndpointId: ENDPOINT.ID, MacAddress: ENDPOINT.MacAddress };
    const path = "VirtualMachine/Devices/NetworkAdapters/NIC0";
    const guest = (RequestType: string, Settings: object): object => ({
      GuestRequest: { ResourceType: "Network", RequestType, Settings: { AdapterId: "NIC0", ...Settings } },
    });
    const namespace = { ResourceType: "NetworkNamespace", Settings: document };
    expect(numbered(far.calls)).toEqual([
      "properties GuestConnection",
      { GuestRequest: { ...namespace, RequestType: "Add" } },
      guest("Add", { RequestType: "PreAdd", Settings: ENDPOINT }),
      { ResourcePath: path, RequestType: "Add", Settings: adapter },
      guest("Add", { RequestType: "Add" }),
      guest("Remove", { RequestType: "Remove" }),
      { ResourcePath: path, RequestType: "Remove", Settings: adapter },
      { GuestRequest: { ...namespace, RequestType: "Remove" } },
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("nothing stays when call %i fails", async (number) => {
    far.fail(number);
    await expect(vm.networks.add({ id: ID, endpoints: [ENDPOINT, SECOND] })).rejects.toMatchObject({
      code: "UVM_MODIFY",
      message: expect.stringContaining(`Cannot add network namespace "${ID}" to utility VM "vm": `),
      suppressed: [],
    });
    expect(far.host.size + far.guest.size).toBe(0);
    expect(vm.networks.endpoints(ID)).toEqual([]);
    far.fail();
    await vm.networks.add({ id: ID, endpoints: [ENDPOINT, SECOND] });
    expect([far.host.size, far.guest.size]).toEqual([2, 3]);
  });

  test("what cannot be rolled back goes with the next attempt", async () => {
    far.fail(5, 6, 7, 8);
    await expect(vm.networks.add({ id: ID, endpoints: [ENDPOINT] })).rejects.toMatchObject({
      suppressed: [6, 7, 8].map(() => expect.objectContaining({ code: "HCS_E_FAIL" })),
    });
    expect(far.host.size).toBe(1);
    far.fail();
    await vm.networks.add({ id: ID, endpoints: [] });
    expect(far.host.size).toBe(0);
    await vm.networks.remove(ID);
    expect(far.guest.size).toBe(0);
  });

  test("a guest that knows no namespaces is not told of them", async () => {
    far = new FarSide({ os: "windows", guestKnowsNamespaces: false });
    vm = await vmOver(far);
    await vm.networks.add({ id: ID, endpoints: [ENDPOINT] });
    expect(far.requests).toHaveLength(3);
    await vm.networks.remove(ID);
    expect(far.host.size + far.guest.size).toBe(0);
  });
});

describe("in a Linux guest", () => {
  let far: FarSide;
  let vm: UtilityVm;
  beforeEach(async () => {
    far = new FarSide();
    vm = await vmOver(far);
  });

  test("the guest is told the adapter's place and addresses", async () => {
    await vm.networks.add({ id: ID, endpoints: [ENDPOINT] });
    await vm.networks.remove(ID);
    const adapter = { EndpointId: ENDPOINT.ID, MacAddress: ENDPOINT.MacAddress };
    const path = "VirtualMachine/Devices/NetworkAdapters/NIC0";
    const place = { NamespaceID: ID, ID: "NIC0" };
    const addresses = {
      MacAddress: "00-15-5D-01-02-03",
      IPAddress: "172.20.0.2",
      PrefixLength: 20,
      GatewayAddress: "172.20.0.1",
      DNSServerList: "172.20.0.1",
      EnableLowMetric: true,
      EncapOverhead: 50,
    };
    expect(numbered(far.requests)).toEqual([
      { ResourcePath: path, RequestType: "Add", Settings: adapter },
      {
        GuestRequest: {
          ResourceType: "Network",
          RequestType: "Add",
          Settings: { ...place, ...addresses },
        },
      },
      { GuestRequest: { ResourceType: "Network", RequestType: "Remove", Settings: place } },
      { ResourcePath: path, RequestType: "Remove", Settings: adapter },
    ]);
  });

  test("a guest that knows no namespaces is only given the adapter", async () => {
    far = new FarSide({ guestKnowsNamespaces: false });
    vm = await vmOver(far);
    await vm.networks.add({ id: ID, endpoints: [ENDPOINT] });
    expect([far.host.size, far.guest.size]).toEqual([1, 0]);
    await vm.networks.remove(ID);
    expect(far.host.size).toBe(0);
  });

  test("uses are counted, in any case of the id; a further use brings the endpoints that it has more", async () => {
    await Promise.all([
      vm.networks.add({ id: ID, endpoints: [ENDPOINT] }),
      vm.networks.add({ id: ID.toLowerCase(), endpoints: [ENDPOINT, SECOND] }),
    ]);
    expect(far.host.size).toBe(2);
    far.fail(1);
    const third = { ...ENDPOINT, ID: "9f1b5a10-0000-4000-8000-0000000000e3" };
    await expect(vm.networks.add({ id: ID, endpoints: [third] })).rejects.toMatchObject({
      code: "UVM_MODIFY",
    });
    await vm.networks.remove(ID);
    expect(far.host.size).toBe(2);
    await vm.networks.remove(ID);
    expect(far.host.size + far.guest.size).toBe(0);
  });

  test("to remove an unknown namespace is no error", async () => {
    await vm.networks.remove(ID);
    expect(far.calls).toEqual([]);
  });

  test("endpoints come and go; those that are there are left alone", async () => {
    await vm.networks.add({ id: ID, endpoints: [] });
    await vm.networks.addEndpoints(ID, [ENDPOINT, SECOND, ENDPOINT]);
    expect(vm.networks.endpoints(ID)).toEqual([ENDPOINT.ID, SECOND.ID]);
    await vm.networks.removeEndpoint(ID, ENDPOINT.ID?.toUpperCase() ?? "");
    expect(vm.networks.endpoints(ID)).toEqual([SECOND.ID]);
    expect(far.host.size).toBe(1);
  });

  test("endpoints that fail take those of the same call with them", async () => {
    await vm.networks.add({ id: ID, endpoints: [] });
    far.fail(4);
    await expect(vm.networks.addEndpoints(ID, [ENDPOINT, SECOND])).rejects.toMatchObject({
      code: "UVM_MODIFY",
    });
    expect(far.host.size + far.guest.size).toBe(0);
  });

  test("an endpoint whose removal failed half-way can be added, and works again", async () => {
    await vm.networks.add({ id: ID, endpoints: [ENDPOINT] });
    far.fail(2);
    await expect(vm.networks.removeEndpoint(ID, ENDPOINT.ID ?? "")).rejects.toMatchObject({
      code: "UVM_MODIFY",
    });
    expect([far.host.size, far.guest.size]).toEqual([1, 0]);
    await vm.networks.addEndpoints(ID, [ENDPOINT]);
    expect([far.host.size, far.guest.size]).toEqual([1, 1]);
  });

  test("an endpoint whose removal failed is still there", async () => {
    await vm.networks.add({ id: ID, endpoints: [ENDPOINT] });
    far.fail(2);
    await expect(vm.networks.removeEndpoint(ID, ENDPOINT.ID ?? "")).rejects.toMatchObject({
      code: "UVM_MODIFY",
    });
    await vm.networks.removeEndpoint(ID, ENDPOINT.ID ?? "");
    expect(far.host.size + far.guest.size).toBe(0);
  });

  test("what is not there is refused", async () => {
    await expect(vm.networks.addEndpoints(ID, [ENDPOINT])).rejects.toMatchObject({
      code: "UVM_NAMESPACE_NOT_FOUND",
      message: expect.stringMatching(/: network namespace not found$/),
    });
    await expect(vm.networks.removeEndpoint(ID, "e")).rejects.toMatchObject({
      code: "UVM_NAMESPACE_NOT_FOUND",
    });
    await vm.networks.add({ id: ID, endpoints: [] });
    await expect(vm.networks.removeEndpoint(ID, "e")).rejects.toMatchObject({
      code: "UVM_NIC_NOT_FOUND",
      message: 'Cannot remove endpoint "e" from utility VM "vm": NIC not found in network namespace',
    });
  });
});
