import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  checkEndpoint,
  checkHnsEndpoint,
  checkHnsNetwork,
  checkNetwork,
} from "../../../src/schema/validate-hcs-network.ts";
import {
  checkModifyRequest,
  checkProcessModifyRequest,
  checkProcessParameters,
  checkSignalOptions,
} from "../../../src/schema/validate-hcs-requests.ts";
import {
  checkComputeSystem,
  checkContainerConfig,
  checkHostedSystem,
} from "../../../src/schema/validate-hcs.ts";

const argon = {
  Owner: "runhcs",
  SchemaVersion: { Major: 2, Minor: 1 },
  ShouldTerminateOnLastHandleClosed: true,
  Container: {
    Storage: {
      Layers: [{ Id: "0f1d1c8e-3b5a-5e0c-9f43-0d2f6c2b7a11", Path: "C:\\layers\\1" }],
      QoS: { IopsMaximum: 18446744073709551615n },
    },
  },
};
const process = {
  ApplicationName: "C:\\a.exe",
  CommandLine: "a.exe b",
  WorkingDirectory: "C:\\",
  Environment: { A: "b" },
  EmulateConsole: true,
  CreateStdInPipe: true,
  CreateStdOutPipe: true,
  CreateStdErrPipe: false,
  ConsoleSize: [24, 80],
};
const hnsNetwork = {
  ID: "0f1d1c8e-3b5a-5e0c-9f43-0d2f6c2b7a11",
  Name: "nat",
  Type: "NAT",
  NetworkAdapterName: "Ethernet",
  SourceMac: "00-15-5D-52-C0-00",
  Policies: [
    { Type: "VLAN", VLAN: 7 },
    { Type: "VSID", VSID: 5000 },
  ],
  MacPools: [{ StartMacAddress: "00-15-5D-52-C0-00", EndMacAddress: "00-15-5D-52-CF-FF" }],
  Subnets: [{ AddressPrefix: "172.16.0.0/12", GatewayAddress: "172.16.0.1" }],
  DNSSuffix: "a.test",
  DNSServerList: "10.0.0.1,10.0.0.2",
};
const hnsEndpoint = {
  ID: "0f1d1c8e-3b5a-5e0c-9f43-0d2f6c2b7a12",
  Name: "web",
  VirtualNetwork: "0f1d1c8e-3b5a-5e0c-9f43-0d2f6c2b7a11",
  VirtualNetworkName: "nat",
  Policies: [
    { Type: "NAT", Protocol: "TCP", InternalPort: 80, ExternalPort: 8080 },
    { Type: "QOS", MaximumOutgoingBandwidthInBytes: 2n ** 63n },
  ],
  MacAddress: "00-15-5D-52-C0-01",
  IPAddress: "172.16.0.2",
  DNSSuffix: "a.test",
  DNSServerList: "10.0.0.1",
  GatewayAddress: "172.16.0.1",
  PrefixLength: 12,
};
const endpoint = { HostComputeNetwork: "0f1d1c8e-3b5a-5e0c-9f43-0d2f6c2b7a11" };

const SOURCES = fileURLToPath(new URL("../../../src", import.meta.url));

type Check = (document: unknown) => { value: unknown; faults: { pointer: string; message: string }[] };

describe("accepts", () => {
  test.each<[string, Check, unknown]>([
    ["a container with 64-bit limits", checkComputeSystem, argon],
    [
      "a VM with empty devices",
      checkComputeSystem,
      { VirtualMachine: { Devices: { Keyboard: {}, Scsi: { "0": {} } } } },
    ],
    ["a Linux container in a VM", checkHostedSystem, { OciBundlePath: "/run/gcs/c/1", OciSpecification: {} }],
    ["a document of schema 1", checkContainerConfig, { SystemType: "Container", HvPartition: false }],
    [
      "a new size of memory",
      checkModifyRequest,
      { ResourcePath: "VirtualMachine/ComputeTopology/Memory/SizeInMB", Settings: 2048 },
    ],
    [
      "a removal without settings",
      checkModifyRequest,
      { ResourcePath: "VirtualMachine/Devices/VirtualSmb/Shares", RequestType: "Remove" },
    ],
    [
      "a guest request",
      checkModifyRequest,
      { GuestRequest: { ResourceType: "Network", RequestType: "PreAdd", Settings: {} } },
    ],
    ["a Windows process with all that it can say", checkProcessParameters, process],
    [
      "a Linux process",
      checkProcessParameters,
      { CommandArgs: ["sh"], Environment: { A: "b" }, ConsoleSize: [24, 80] },
    ],
    [
      "a console size",
      checkProcessModifyRequest,
      { Operation: "ConsoleSize", ConsoleSize: { Height: 24, Width: 80 } },
    ],
    ["a signal", checkSignalOptions, { Signal: "CtrlC" }],
    [
      "an endpoint with a port",
      checkEndpoint,
      { ...endpoint, Policies: [{ Type: "PortMapping", Settings: { Protocol: 6, ExternalPort: 80 } }] },
    ],
    ["a policy of a type to come", checkEndpoint, { Policies: [{ Type: "L2Driver" }] }],
    ["a member to come in an answer", checkNetwork, { Type: "NAT", Newer: 1 }],
    ["a network of version 1 with all that it can say", checkHnsNetwork, hnsNetwork],
    ["an endpoint of version 1 with all that it can say", checkHnsEndpoint, hnsEndpoint],
  ])("%s", (_, check, document) => {
    expect(check(document)).toEqual({ value: document, faults: [] });
  });
});

describe("refuses, and says where and what is allowed:", () => {
  test.each<[string, Check, unknown, string, string]>([
    [
      "an unknown member",
      checkComputeSystem,
      { Container: { FilterType: 1 } },
      "/Container/FilterType",
      "not a member of this document",
    ],
    [
      "both a container and a VM",
      checkComputeSystem,
      { Container: {}, VirtualMachine: {} },
      "",
      "found Container and VirtualMachine, must have exactly one of Container, VirtualMachine, HostedSystem",
    ],
    [
      "nothing to make",
      checkComputeSystem,
      { Owner: "x" },
      "",
      "found none, must have exactly one of Container, VirtualMachine, HostedSystem",
    ],
    [
      "a GUID in braces",
      checkComputeSystem,
      { Container: { Storage: { Layers: [{ Id: "{1}" }] } } },
      "/Container/Storage/Layers/0/Id",
      'found "{1}", must be a GUID without braces',
    ],
    [
      "a LUN that is no number",
      checkComputeSystem,
      { VirtualMachine: { Devices: { Scsi: { "0": { Attachments: { a: {} } } } } } },
      "/VirtualMachine/Devices/Scsi/0/Attachments/a",
      "not a member of this document",
    ],
    [
      "too large a limit",
      checkComputeSystem,
      { Container: { Storage: { QoS: { IopsMaximum: 2n ** 64n } } } },
      "/Container/Storage/QoS/IopsMaximum",
      "found 18446744073709551616, must be at most 18446744073709551615",
    ],
    [
      "a member of schema 2 in schema 1",
      checkContainerConfig,
      { Container: {} },
      "/Container",
      "not a member of this document",
    ],
    [
      "settings of another path",
      checkModifyRequest,
      { ResourcePath: "VirtualMachine/Devices/Plan9/Shares", Settings: { Port: -1 } },
      "/Settings/Port",
      "found -1, must be at least 0",
    ],
    [
      "a size of memory in words",
      checkModifyRequest,
      { ResourcePath: "VirtualMachine/ComputeTopology/Memory/SizeInMB", Settings: "2048" },
      "/Settings",
      'found "2048", must be an integer',
    ],
    [
      "three sides of a console",
      checkProcessParameters,
      { ConsoleSize: [1, 2, 3] },
      "/ConsoleSize",
      "found an array, must be an array of at most 2 entries",
    ],
    [
      "an unknown signal",
      checkSignalOptions,
      { Signal: "SIGTERM" },
      "/Signal",
      'found "SIGTERM", must be one of "CtrlC", "CtrlBreak", "CtrlClose", "CtrlLogOff", "CtrlShutdown"',
    ],
    [
      "a port beyond 65535",
      checkEndpoint,
      { Policies: [{ Type: "PortMapping", Settings: { ExternalPort: 65536 } }] },
      "/Policies/0/Settings/ExternalPort",
      "found 65536, must be at most 65535",
    ],
    [
      "a subnet's VLAN in words",
      checkNetwork,
      { Ipams: [{ Subnets: [{ Policies: [{ Type: "VLAN", Settings: { IsolationId: "1" } }] }] }] },
      "/Ipams/0/Subnets/0/Policies/0/Settings/IsolationId",
      'found "1", must be an integer',
    ],
    [
      "a VLAN of version 1 in words",
      checkHnsNetwork,
      { Policies: [{ Type: "VLAN", VLAN: "7" }] },
      "/Policies/0/VLAN",
      'found "7", must be an integer',
    ],
    [
      "a direction of version 1",
      checkHnsEndpoint,
      { Policies: [{ Type: "ACL", Direction: "Up" }] },
      "/Policies/0/Direction",
      'found "Up", must be one of "In", "Out"',
    ],
  ])("%s", (_, check, document, pointer, message) => {
    expect(check(document)).toEqual({ value: undefined, faults: [{ pointer, message }] });
  });
});

test("no command loads these checks before it asks for them", () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    if (!file.endsWith(".ts")) return;
    const imports = readFileSync(file, "utf8").matchAll(
      /^(?:import|export)\s+(?!type\b)[^;]*?from\s+"(\.[^"]+)";/gm,
    );
    for (const [, specifier = ""] of imports) load(join(dirname(file), specifier));
  };
  const commands = join(SOURCES, "commands");
  for (const name of readdirSync(commands)) load(join(commands, name));
  const generated = [...loaded].filter((file) => file.endsWith(".validators.js"));
  expect(generated.map((file) => basename(file))).toContain("oci-config.validators.js");
  expect(generated.filter((file) => basename(file).startsWith("hcs-"))).toEqual([]);
  load(join(SOURCES, "schema/validate-hcs.ts"));
  expect([...loaded].map((file) => basename(file))).toContain("hcs-compute-system.validators.js");
});
