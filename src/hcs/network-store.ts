/**
 * The part of the seam that keeps container networks: networks, the endpoints on them, and the namespaces in which
 * containers see endpoints.
 *
 * The documents are those of the Host Networking Service, version 1. Ids are GUIDs. What does not exist is refused
 * with a {@link ComputeError} for which `isNotExist` holds.
 */
import type {
  HnsEndpoint,
  HnsEndpointAttach,
  HnsEndpointStats,
  HnsNamespace,
  HnsNetwork,
  HnsPolicyList,
  HnsVersion,
} from "../schema/hns.ts";

/** A document that the service has given an id. */
export type Named<T extends { ID?: string }> = T & { ID: string };

/** What a container wants of the network. */
export interface NetworkRequest {
  /** A namespace that exists, and whose endpoints are others' concern. */
  namespace?: string;
  /** Endpoints for a namespace of the container's own, unless one that exists is named. */
  endpoints: readonly string[];
}

/** What a container has of the network; it can be kept as JSON, and released by another process. */
export interface NetworkAttachment {
  namespace: string;
  /** Whether the namespace was made for the container, and goes with it. */
  isOwn: boolean;
  /** Endpoints that were put into the namespace for the container. */
  endpoints: string[];
}

/** Networks of one host. Every method throws a {@link ComputeError} if the service refuses. */
export interface NetworkStore {
  version(): Promise<HnsVersion>;

  /** A prefix of a subnet needs a gateway. */
  createNetwork(network: HnsNetwork): Promise<Named<HnsNetwork>>;
  network(id: string): Promise<Named<HnsNetwork>>;
  findNetwork(name: string): Promise<Named<HnsNetwork>>;
  listNetworks(): Promise<Named<HnsNetwork>[]>;
  removeNetwork(id: string): Promise<void>;

  /** Makes an endpoint on the network that its `VirtualNetwork` names by id. */
  createEndpoint(endpoint: HnsEndpoint): Promise<Named<HnsEndpoint>>;
  endpoint(id: string): Promise<Named<HnsEndpoint>>;
  findEndpoint(name: string): Promise<Named<HnsEndpoint>>;
  listEndpoints(): Promise<Named<HnsEndpoint>[]>;
  /** Replaces an endpoint, its policies among the rest, by the whole document. */
  updateEndpoint(endpoint: Named<HnsEndpoint>): Promise<Named<HnsEndpoint>>;
  removeEndpoint(id: string): Promise<void>;
  endpointStatistics(id: string): Promise<HnsEndpointStats>;
  /** Connects an endpoint to a container, a VM or a compartment of the host. */
  attachEndpoint(id: string, to: HnsEndpointAttach): Promise<void>;
  detachEndpoint(id: string, from: HnsEndpointAttach): Promise<void>;

  createNamespace(): Promise<Named<HnsNamespace>>;
  namespace(id: string): Promise<Named<HnsNamespace>>;
  removeNamespace(id: string): Promise<void>;
  addToNamespace(namespace: string, endpoint: string): Promise<void>;
  removeFromNamespace(namespace: string, endpoint: string): Promise<void>;
  /** Ids of the endpoints in a namespace. */
  endpointsOf(namespace: string): Promise<string[]>;

  /** Load balancing over endpoints. */
  createPolicyList(list: HnsPolicyList): Promise<Named<HnsPolicyList>>;
  listPolicyLists(): Promise<Named<HnsPolicyList>[]>;
  removePolicyList(id: string): Promise<void>;

  /**
   * Gives a container what it wants, or nothing: what was made before a failure is undone. A namespace that exists is
   * taken as it is, without a question for it.
   *
   * @param note is called with what there is to release as soon as there is something, before more is done
   */
  attachEndpoints(
    request: NetworkRequest,
    note?: (attachment: NetworkAttachment) => void,
  ): Promise<NetworkAttachment>;
  /** Takes from a container what `attachEndpoints` gave it; what is gone already is no error. */
  releaseEndpoints(attachment: NetworkAttachment): Promise<void>;
}
