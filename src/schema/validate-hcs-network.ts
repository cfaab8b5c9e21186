/** Typed checks of the documents of container networks. To be imported lazily: the validators are large. */
import type { BundleFault } from "../base/errors.ts";
import { checkWith, type Checked } from "./check.ts";
import * as hns from "./generated/hcs-hns.validators.js";
import { patternTexts } from "./generated/hcs-network.patterns.ts";
import * as network from "./generated/hcs-network.validators.js";
import type { HostComputeEndpoint, HostComputeNamespace, HostComputeNetwork } from "./hcs-network.ts";
import type { HnsEndpoint, HnsNamespace, HnsNetwork } from "./hns.ts";
import type { ValidateFunction } from "./validate-function.ts";

type Validators = Readonly<Record<string, ValidateFunction<unknown>>>;

/** A policy as a document of schema 2 holds it. */
interface Policy {
  Type?: string;
  Settings?: unknown;
}

/** What Settings of a network's policy holds, by its Type. */
const NETWORK_POLICIES: Validators = {
  SourceMacAddress: network.validateSourceMacAddressNetworkPolicySetting,
  NetAdapterName: network.validateNetAdapterNameNetworkPolicySetting,
  InterfaceConstraint: network.validateInterfaceConstraintNetworkPolicySetting,
  VSwitchExtension: network.validateVSwitchExtensionNetworkPolicySetting,
  ProviderAddress: network.validateProviderAddressNetworkPolicySetting,
  DrMacAddress: network.validateDrMacAddressNetworkPolicySetting,
  AutomaticDNS: network.validateAutomaticDNSNetworkPolicySetting,
  RemoteSubnetRoute: network.validateRemoteSubnetRoutePolicySetting,
  VxlanPort: network.validateVxlanPortPolicySetting,
  HostRoute: network.validateHostRoutePolicySetting,
  SetPolicy: network.validateSetPolicySetting,
  L4Proxy: network.validateL4ProxyPolicySetting,
  LayerConstraint: network.validateLayerConstraintNetworkPolicySetting,
  NetworkACL: network.validateNetworkAclPolicySetting,
};

/** What Settings of an endpoint's policy holds; L2Driver has none. */
const ENDPOINT_POLICIES: Validators = {
  PortMapping: network.validatePortMappingPolicySetting,
  ACL: network.validateAclPolicySetting,
  QOS: network.validateQosPolicySetting,
  OutBoundNAT: network.validateOutboundNatPolicySetting,
  SDNRoute: network.validateSDNRoutePolicySetting,
  L4Proxy: network.validateL4ProxyPolicySetting,
  L4WFPPROXY: network.validateL4WfpProxyPolicySetting,
  ProviderAddress: network.validateProviderAddressEndpointPolicySetting,
  PortName: network.validatePortnameEndpointPolicySetting,
  EncapOverhead: network.validateEncapOverheadEndpointPolicySetting,
  InterfaceConstraint: network.validateInterfaceConstraintEndpointPolicySetting,
  Encryption: network.validateEncryptionPolicySetting,
  VLAN: network.validateVlanPolicySetting,
  InterfaceParameters: network.validateInterfaceParametersPolicySetting,
  Iov: network.validateIovPolicySetting,
  TierAcl: network.validateTierAclPolicySetting,
};

const SUBNET_POLICIES: Validators = {
  VLAN: network.validateVlanPolicySetting,
  VSID: network.validateVsidPolicySetting,
};

/** Policies of version 1, whose members lie beside their Type. */
const HNS_POLICIES: Validators = {
  NAT: hns.validateHnsNatPolicy,
  QOS: hns.validateHnsQosPolicy,
  Isolation: hns.validateHnsIsolationPolicy,
  VLAN: hns.validateHnsVlanPolicy,
  VSID: hns.validateHnsVsidPolicy,
  PA: hns.validateHnsPaPolicy,
  OutBoundNAT: hns.validateHnsOutboundNatPolicy,
  PROXY: hns.validateHnsProxyPolicy,
  ACL: hns.validateHnsAclPolicy,
  ROUTE: hns.validateHnsRoutePolicy,
  ELB: hns.validateHnsElbPolicy,
};

/** Checks a network, and the settings of its policies and those of its subnets by their type. */
export function checkNetwork(document: unknown): Checked<HostComputeNetwork> {
  const checked = checkWith(network.validateHostComputeNetwork, document, patternTexts);
  const { Policies: policies, Ipams: ipams = [] } = checked.value ?? {};
  const subnets = ipams.flatMap(({ Subnets = [] }, at) =>
    Subnets.map((subnet, index) => ({ subnet, pointer: `/Ipams/${at}/Subnets/${index}` })),
  );
  return alsoFree(checked, [
    ...policyFaults(policies, NETWORK_POLICIES),
    ...subnets.flatMap(({ subnet, pointer }) => policyFaults(subnet.Policies, SUBNET_POLICIES, pointer)),
  ]);
}

/** Checks an endpoint, and the settings of its policies by their type. */
export function checkEndpoint(document: unknown): Checked<HostComputeEndpoint> {
  const checked = checkWith(network.validateHostComputeEndpoint, document, patternTexts);
  return alsoFree(checked, policyFaults(checked.value?.Policies, ENDPOINT_POLICIES));
}

/** Checks a network namespace. */
export function checkNamespace(document: unknown): Checked<HostComputeNamespace> {
  return checkWith(network.validateHostComputeNamespace, document, patternTexts);
}

/** Checks a network of version 1, and its policies by their type. */
export function checkHnsNetwork(document: unknown): Checked<HnsNetwork> {
  const checked = checkWith(hns.validateHnsNetwork, document, patternTexts);
  return alsoFree(checked, hnsPolicyFaults(checked.value?.Policies));
}

/** Checks an endpoint of version 1, and its policies by their type. */
export function checkHnsEndpoint(document: unknown): Checked<HnsEndpoint> {
  const checked = checkWith(hns.validateHnsEndpoint, document, patternTexts);
  return alsoFree(checked, hnsPolicyFaults(checked.value?.Policies));
}

/** Checks a namespace of version 1. */
export function checkHnsNamespace(document: unknown): Checked<HnsNamespace> {
  return checkWith(hns.validateHnsNamespace, document, patternTexts);
}

function policyFaults(policies: readonly Policy[] = [], validators: Validators, pointer = ""): BundleFault[] {
  return policies.flatMap(({ Type: type = "", Settings: settings }, index) =>
    faultsBelow(validators[type], settings, `${pointer}/Policies/${index}/Settings`),
  );
}

function hnsPolicyFaults(policies: readonly { Type?: string }[] = []): BundleFault[] {
  return policies.flatMap((policy, index) =>
    faultsBelow(HNS_POLICIES[policy.Type ?? ""], policy, `/Policies/${index}`),
  );
}

function faultsBelow(
  validate: ValidateFunction<unknown> | undefined,
  value: unknown,
  place: string,
): BundleFault[] {
  if (validate === undefined || value === undefined) return [];
  const { faults } = checkWith(validate, value, patternTexts);
  return faults.map(({ pointer, message }) => ({ pointer: place + pointer, message }));
}

/** A checked document, if there are no further faults. */
function alsoFree<T>(checked: Checked<T>, faults: BundleFault[]): Checked<T> {
  return faults.length === 0 ? checked : { value: undefined, faults: [...faults] };
}
