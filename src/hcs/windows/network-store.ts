import { cleanUpAfter } from "../../base/errors.ts";
import type {
  HnsEndpoint,
  HnsEndpointAttach,
  HnsEndpointStats,
  HnsNamespace,
  HnsNetwork,
  HnsPolicyList,
  HnsVersion,
} from "../../schema/hns.ts";
import type { Named, NetworkAttachment, NetworkRequest, NetworkStore } from "../network-store.ts";
import { ComputeError, HcsResult, isNotExist } from "../results.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { callNetworkService, invalidRequest, requireGuid, type NetworkCall } from "./network-call.ts";
import type { Subject } from "./result-document.ts";
import type { Timeouts } from "./timeouts.ts";

/** Kinds of objects: the name in a path, what it is called, and the result if none has the name that is looked for. */
const KINDS = {
  networks: { word: "network", missing: HcsResult.NETWORK_NOT_FOUND },
  endpoints: { word: "endpoint", missing: HcsResult.ENDPOINT_NOT_FOUND },
  namespaces: { word: "network namespace", missing: HcsResult.ELEMENT_NOT_FOUND },
  policylists: { word: "policy list", missing: HcsResult.ELEMENT_NOT_FOUND },
} as const;

type Kind = keyof typeof KINDS;

/** The networks of a Windows host, kept by the Host Networking Service, which is called through vmcompute.dll. */
export class WindowsNetworkStore implements NetworkStore {
  readonly #bindings: Bindings;
  readonly #timeouts: Timeouts;

  constructor(bindings: Bindings, timeouts: Timeouts) {
    this.#bindings = bindings;
    this.#timeouts = timeouts;
  }

  async version(): Promise<HnsVersion> {
    const subject = { operation: "ask the network service for its version" };
    return asObject(subject, await this.#call({ method: "GET", path: "/globals/version", subject }));
  }

  async createNetwork(network: HnsNetwork): Promise<Named<HnsNetwork>> {
    const bare = network.Subnets?.find(
      ({ AddressPrefix, GatewayAddress }) => AddressPrefix && !GatewayAddress,
    );
    if (bare !== undefined) {
      const found = `its subnet "${bare.AddressPrefix}" has no gateway`;
      throw invalidRequest(subjectOf("create", "networks", network.Name), found);
    }
    return this.#create("networks", network, network.Name);
  }

  network(id: string): Promise<Named<HnsNetwork>> {
    return this.#get("networks", id);
  }

  findNetwork(name: string): Promise<Named<HnsNetwork>> {
    return this.#find<HnsNetwork>("networks", name);
  }

  listNetworks(): Promise<Named<HnsNetwork>[]> {
    return this.#list("networks");
  }

  removeNetwork(id: string): Promise<void> {
    return this.#remove("networks", id);
  }

  createEndpoint(endpoint: HnsEndpoint): Promise<Named<HnsEndpoint>> {
    return this.#create("endpoints", endpoint, endpoint.Name);
  }

  endpoint(id: string): Promise<Named<HnsEndpoint>> {
    return this.#get("endpoints", id);
  }

  findEndpoint(name: string): Promise<Named<HnsEndpoint>> {
    return this.#find<HnsEndpoint>("endpoints", name);
  }

  listEndpoints(): Promise<Named<HnsEndpoint>[]> {
    return this.#list("endpoints");
  }

  async updateEndpoint(endpoint: Named<HnsEndpoint>): Promise<Named<HnsEndpoint>> {
    const subject = subjectOf("change", "endpoints", endpoint.ID);
    const path = `/endpoints/${requireGuid(subject, endpoint.ID)}`;
    return asNamed(subject, await this.#call({ method: "POST", path, body: endpoint, subject }));
  }

  removeEndpoint(id: string): Promise<void> {
    return this.#remove("endpoints", id);
  }

  async endpointStatistics(id: string): Promise<HnsEndpointStats> {
    const subject = subjectOf("measure", "endpoints", id);
    const path = `/endpointstats/${requireGuid(subject, id)}`;
    return asObject(subject, await this.#call({ method: "GET", path, subject }));
  }

  async attachEndpoint(id: string, to: HnsEndpointAttach): Promise<void> {
    await this.#act("endpoints", id, ["attach", "attach"], to);
  }

  async detachEndpoint(id: string, from: HnsEndpointAttach): Promise<void> {
    await this.#act("endpoints", id, ["detach", "detach"], from);
  }

  createNamespace(): Promise<Named<HnsNamespace>> {
    return this.#create<HnsNamespace>("namespaces", { IsDefault: false });
  }

  namespace(id: string): Promise<Named<HnsNamespace>> {
    return this.#get("namespaces", id);
  }

  removeNamespace(id: string): Promise<void> {
    return this.#remove("namespaces", id);
  }

  async addToNamespace(namespace: string, endpoint: string): Promise<void> {
    const action = [`put endpoint "${endpoint}" into`, "addresource"] as const;
    await this.#act("namespaces", namespace, action, resourceOf(endpoint));
  }

  async removeFromNamespace(namespace: string, endpoint: string): Promise<void> {
    const action = [`take endpoint "${endpoint}" from`, "removeresource"] as const;
    await this.#act("namespaces", namespace, action, resourceOf(endpoint));
  }

  async endpointsOf(namespace: string): Promise<string[]> {
    const { ResourceList } = await this.namespace(namespace);
    return (ResourceList ?? []).flatMap(({ Type, Data }) => (Type === "Endpoint" ? idsIn(Data) : []));
  }

  createPolicyList(list: HnsPolicyList): Promise<Named<HnsPolicyList>> {
    return this.#create("policylists", list);
  }

  listPolicyLists(): Promise<Named<HnsPolicyList>[]> {
    return this.#list("policylists");
  }

  removePolicyList(id: string): Promise<void> {
    return this.#remove("policylists", id);
  }

  async attachEndpoints(
    { namespace, endpoints }: NetworkRequest,
    note: (attachment: NetworkAttachment) => void = () => undefined,
  ): Promise<NetworkAttachment> {
    if (namespace !== undefined) return { namespace, isOwn: false, endpoints: [] };
    const { ID } = await this.createNamespace();
    // One that is not in the namespace can be taken from it, so all are named before the first is put there.
    const attachment = { namespace: ID, isOwn: true, endpoints: [...endpoints] };
    try {
      note(attachment);
      for (const endpoint of endpoints) await this.addToNamespace(ID, endpoint);
      return attachment;
    } catch (error) {
      throw await cleanUpAfter(error, () => this.releaseEndpoints(attachment));
    }
  }

  async releaseEndpoints({ namespace, isOwn, endpoints }: NetworkAttachment): Promise<void> {
    const steps = endpoints
      .toReversed()
      .map((endpoint) => () => this.removeFromNamespace(namespace, endpoint));
    if (isOwn) steps.push(() => this.removeNamespace(namespace));
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    const [first, ...others] = failures.filter((error) => !isNotExist(error));
    if (first instanceof ComputeError) first.suppressed.push(...others);
    if (first !== undefined) throw first;
  }

  #call(call: NetworkCall): Promise<unknown> {
    return callNetworkService(this.#bindings, this.#timeouts, call);
  }

  async #create<T extends { ID?: string }>(kind: Kind, body: T, name?: string): Promise<Named<T>> {
    const subject = subjectOf("create", kind, name);
    return asNamed<T>(subject, await this.#call({ method: "POST", path: `/${kind}/`, body, subject }));
  }

  async #get<T extends { ID?: string }>(kind: Kind, id: string): Promise<Named<T>> {
    const subject = subjectOf("find", kind, id);
    const path = `/${kind}/${requireGuid(subject, id)}`;
    return asNamed<T>(subject, await this.#call({ method: "GET", path, subject }));
  }

  async #list<T extends { ID?: string }>(kind: Kind): Promise<Named<T>[]> {
    const subject = { operation: `list ${KINDS[kind].word}s` };
    const output = await this.#call({ method: "GET", path: `/${kind}/`, subject });
    if (output === undefined) return [];
    if (!Array.isArray(output)) throw new ComputeError({ ...subject, hresult: HcsResult.INVALID_DATA });
    return output.map((entry) => asNamed<T>(subject, entry));
  }

  async #find<T extends { ID?: string; Name?: string }>(kind: Kind, name: string): Promise<Named<T>> {
    const listed = await this.#list<T>(kind);
    const found = listed.find(({ Name }) => Name?.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    throw new ComputeError({ ...subjectOf("find", kind, name), hresult: KINDS[kind].missing });
  }

  async #remove(kind: Kind, id: string): Promise<void> {
    const subject = subjectOf("remove", kind, id);
    await this.#call({ method: "DELETE", path: `/${kind}/${requireGuid(subject, id)}`, subject });
  }

  async #act(
    kind: Kind,
    id: string,
    [verb, action]: readonly [verb: string, action: string],
    body: object,
  ): Promise<void> {
    const subject = subjectOf(verb, kind, id);
    const path = `/${kind}/${requireGuid(subject, id)}/${action}`;
    await this.#call({ method: "POST", path, body, subject });
  }
}

function subjectOf(verb: string, kind: Kind, name?: string): Subject {
  const operation = `${verb} ${KINDS[kind].word}`;
  return name === undefined ? { operation } : { operation, systemId: name };
}

function resourceOf(endpoint: string): object {
  return { Type: "Endpoint", Data: { Id: endpoint } };
}

function idsIn(data: unknown): string[] {
  const { Id } = (typeof data === "object" && data !== null ? data : {}) as { Id?: unknown };
  return typeof Id === "string" ? [Id] : [];
}

function asObject<T>(subject: Subject, value: unknown): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as T;
  throw new ComputeError({ ...subject, hresult: HcsResult.INVALID_DATA });
}

/** What the service gives back has an id, or it is of no use. Of a new namespace the id is called Id. */
function asNamed<T extends { ID?: string }>(subject: Subject, value: unknown): Named<T> {
  const { Id, ...document } = asObject<T & { Id?: unknown }>(subject, value);
  const ID = document.ID ?? Id;
  if (typeof ID === "string") return { ...document, ID } as Named<T>;
  throw new ComputeError({ ...subject, hresult: HcsResult.INVALID_DATA });
}
