import { describe, expect, test } from "vitest";
import { configFaults } from "../../../src/oci/semantic-checks.ts";
import type { OciConfig } from "../../../src/schema/oci.ts";
import { makeBundle } from "./bundle-folder.ts";
import { lcowConfig, windowsConfig } from "./engine-configs.ts";

const bundle = makeBundle();
const linuxConfig: OciConfig = { ociVersion: "1.2.0", root: { path: "rootfs" } };

type Case = [fault: string, part: Partial<OciConfig>];

function textsOf(config: object): string[] {
  return configFaults(config, bundle).map(({ pointer, message }) => `${pointer}: ${message}`);
}

describe("a Linux configuration is refused for", () => {
  test.each<Case>([
    ['/ociVersion: found "0.9.0", must be a version 1.x', { ociVersion: "0.9.0" }],
    ['/ociVersion: found "10.0.0", must be a version 1.x', { ociVersion: "10.0.0" }],
    ['/root/path: found "", must be the folder of the root file system', { root: { path: "" } }],
    ['/root/path: found "/dev/null", must be an existing folder', { root: { path: "/dev/null" } }],
    ['/root/path: found "C:\\\\rootfs", must be an existing folder', { root: { path: "C:\\rootfs" } }],
    [
      '/hostname: found "web", must be absent without a namespace of type uts',
      { hostname: "web", linux: {} },
    ],
    ['/domainname: found "org", must be absent without a namespace of type uts', { domainname: "org" }],
    [
      "/linux/uidMappings: found an array, must be absent without a namespace of type user",
      { linux: { uidMappings: [{ containerID: 0, hostID: 0, size: 1 }], gidMappings: [] } },
    ],
    [
      "/mounts/1/gidMappings: missing, but required with uidMappings",
      { mounts: [{ destination: "/a" }, { destination: "/b", uidMappings: [] }] },
    ],
    [
      '/hooks/poststop/0/path: found "C:\\\\hook.exe", must be an absolute path',
      { hooks: { poststop: [{ path: "C:\\hook.exe" }] } },
    ],
    ["/annotations/: found an empty key, must have a name", { annotations: { "": "x" } }],
    [
      '/linux/namespaces/0/path: found "proc/1/ns/net", must be an absolute path',
      { linux: { namespaces: [{ type: "network", path: "proc/1/ns/net" }] } },
    ],
    [
      "/linux/resources/rdma/a~1b: found neither hcaHandles nor hcaObjects, must have one of them",
      { linux: { resources: { rdma: { "a/b": {} } } } },
    ],
    [
      "/linux/seccomp/listenerPath: missing, but required with listenerMetadata",
      { linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x" } } },
    ],
    [
      "/linux/seccomp/defaultErrnoRet: found 1, must be absent with SCMP_ACT_ALLOW, which has no error number",
      { linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1 } } },
    ],
    [
      "/linux/seccomp/syscalls/0/errnoRet: found 0, must be absent with SCMP_ACT_LOG, which has no error number",
      {
        linux: {
          seccomp: {
            defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [{ names: ["read"], action: "SCMP_ACT_LOG", errnoRet: 0 }],
          },
        },
      },
    ],
    [
      '/process/cwd: found "C:\\\\", Cwd must be an absolute path',
      { process: { cwd: "C:\\", args: ["sh"] } },
    ],
    ["/process/user/gid: missing, but required", { process: { cwd: "/", args: ["sh"], user: { uid: 0 } } }],
  ])("%s", (fault, part) => {
    expect(textsOf({ ...linuxConfig, ...part })).toEqual([fault]);
  });

  test("a root that is absent", () => {
    expect(textsOf({ ociVersion: "1.0.0", linux: {} })).toEqual(["/root: missing, but required"]);
  });
});

test("names and mappings pass when the namespaces cannot be read", () => {
  const namespaces = [{ type: "pid" }, {}];
  const uidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
  expect(textsOf({ ...linuxConfig, hostname: "a", linux: { namespaces, uidMappings } })).toEqual([]);
});

describe("a Windows configuration", () => {
  test.each<Case>([
    [
      '/process/cwd: found "\\\\data", Cwd must be an absolute path',
      { process: { cwd: "\\data", args: ["cmd"] } },
    ],
    [
      "/process/commandLine: missing, commandLine or args must not be empty",
      { process: { cwd: "C:/", args: [] } },
    ],
    [
      '/root/path: found "C:\\\\root", must be a volume path of the form \\\\?\\Volume{GUID}\\',
      { root: { path: "C:\\root" } },
    ],
    [
      "/root/readonly: found true, must be false or absent on Windows",
      { root: { path: "", readonly: true } },
    ],
    [
      '/root/path: found "\\\\\\\\?\\\\Volume{ec84d99e-3f02-11e7-ac6c-00155d7682cf}\\\\", must be absent with windows.hyperv',
      {
        root: { path: "\\\\?\\Volume{ec84d99e-3f02-11e7-ac6c-00155d7682cf}\\" },
        windows: { layerFolders: ["C:\\l"], hyperv: {} },
      },
    ],
    ['/mounts/0/destination: found "data", must be an absolute path', { mounts: [{ destination: "data" }] }],
    [
      '/mounts/0/destination: found "C:\\\\Foo\\\\bar", must be outside of "c:/foo"',
      { mounts: [{ destination: "C:\\Foo\\bar" }, { destination: "c:/foo" }] },
    ],
    [
      '/mounts/1/destination: found "c:\\\\foo\\\\", must be the destination of one mount only',
      { mounts: [{ destination: "C:\\Foo" }, { destination: "c:\\foo\\" }] },
    ],
    [
      "/windows/resources/cpu: found count and shares, must have at most one of count, shares and maximum",
      { windows: { layerFolders: ["C:\\l"], resources: { cpu: { count: 1, shares: 1, maximum: 0 } } } },
    ],
  ])("is refused for %s", (fault, part) => {
    expect(textsOf({ ...windowsConfig, ...part })).toEqual([fault]);
  });

  test.each<[string, Partial<OciConfig>]>([
    ["a volume as root", { root: { path: "\\\\?\\Volume{ec84d99e-3f02-11e7-ac6c-00155d7682cf}\\" } }],
    ["a volume in any case", { root: { path: "\\\\?\\VOLUME{EC84D99E-3f02-11e7-ac6c-00155d7682cf}" } }],
    ["a command line", { process: { cwd: "\\\\server\\share", commandLine: "cmd /c dir" } }],
    ["a host name, which takes no namespace", { hostname: "a" }],
    ["hooks, which nobody runs there", { hooks: { prestart: [{ path: "C:\\hook.exe" }] } }],
  ])("is accepted with %s", (_, part) => {
    expect(textsOf({ ...windowsConfig, ...part })).toEqual([]);
  });

  test("with a linux section follows the rules of Linux, but has its root from layers", () => {
    expect(textsOf(lcowConfig)).toEqual([]);
    expect(textsOf({ ...lcowConfig, process: { cwd: "C:\\", args: ["sh"] } })).toEqual([
      '/process/cwd: found "C:\\\\", Cwd must be an absolute path',
    ]);
  });
});
