import type {
  LinuxNetworkGuestSettings,
  ModifySettingRequest,
  NetworkAdapter,
  NetworkGuestSettings,
} from "../schema/hcs.ts";
import type { HnsEndpoint } from "../schema/hns.ts";
import { guestStep, hostStep, type DeviceStep } from "./device.ts";
import type { VmContext } from "./vm-context.ts";

/** An adapter (NIC) to give a VM for an endpoint of the host's network. */
export interface AdapterPlan {
  /** GUID of the adapter, chosen for it. */
  id: string;
  endpoint: HnsEndpoint;
  /** The namespace in which a Linux guest puts it. */
  namespaceId: string;
  /** Whether the guest knows network namespaces. */
  guestKnowsNamespaces: boolean;
}

/** The steps by which a VM gets an adapter, host and guest. */
export function adapterSteps(vm: VmContext, plan: AdapterPlan): DeviceStep[] {
  const { id, endpoint } = plan;
  const settings: NetworkAdapter = {
    ...(endpoint.ID === undefined ? {} : { EndpointId: endpoint.ID }),
    ...(endpoint.MacAddress === undefined ? {} : { MacAddress: endpoint.MacAddress }),
  };
  const host = hostStep(`VirtualMachine/Devices/NetworkAdapters/${id}`, settings, settings);
  if (vm.os === "linux") return plan.guestKnowsNamespaces ? [host, linuxGuest(plan)] : [host];
  return [
    // A Windows guest has to know the endpoint before it sees the adapter; one removal ends both of its steps.
    { add: windowsRequest(id, "PreAdd", endpoint), undo: windowsRequest(id, "Remove") },
    host,
    { add: windowsRequest(id, "Add"), remove: windowsRequest(id, "Remove") },
  ];
}

function windowsRequest(
  AdapterId: string,
  type: "PreAdd" | "Add" | "Remove",
  endpoint?: HnsEndpoint,
): ModifySettingRequest {
  const settings: NetworkGuestSettings = { AdapterId, RequestType: type };
  if (endpoint !== undefined) settings.Settings = endpoint;
  return {
    GuestRequest: {
      ResourceType: "Network",
      RequestType: type === "Remove" ? "Remove" : "Add",
      Settings: settings,
    },
  };
}

function linuxGuest({ id, endpoint, namespaceId }: AdapterPlan): DeviceStep {
  const place = { NamespaceID: endpoint.Namespace?.ID ?? namespaceId, ID: id };
  const settings = {
    ...place,
    MacAddress: endpoint.MacAddress,
    IPAddress: endpoint.IPAddress,
    PrefixLength: endpoint.PrefixLength,
    GatewayAddress: endpoint.GatewayAddress,
    DNSSuffix: endpoint.DNSSuffix,
    DNSServerList: endpoint.DNSServerList,
    EnableLowMetric: endpoint.EnableLowMetric,
    EncapOverhead: endpoint.EncapOverhead,
  };
  return guestStep("Network", withoutUndefined(settings), place);
}

function withoutUndefined(settings: Record<string, unknown>): LinuxNetworkGuestSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
