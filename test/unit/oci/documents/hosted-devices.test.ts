import { describe, expect, test } from "vitest";
import { driverFolders, gpuDriverDisk } from "../../../../src/oci/documents/device-drivers.ts";
import { hostedDevices } from "../../../../src/oci/documents/hosted-devices.ts";
import { bundleErrorOf } from "../bundle-folder.ts";

const refusal = (action: () => unknown): string =>
  bundleErrorOf(action).message.replace("Cannot make the document of the container: ", "");

const PATH = "PCIP\\VEN_10DE&DEV_1BB3\\4&1F9D1F3&0&0010";

describe("a device of a container in a VM", () => {
  test.each([
    [PATH, 0],
    [`${PATH}/0`, 0],
    [`${PATH}/65535`, 65_535],
    // A number behind a backslash is the end of the path.
    ["ROOT\\BASICDISPLAY\\0000", 0],
  ])("%s is its path and its function %i", (id, virtualFunction) => {
    const instancePath = id.replace(/\/.*/, "");
    expect(hostedDevices([{ id, idType: "vpci-instance-id" }], "windows")).toEqual([
      { idType: "vpci-instance-id", instancePath, virtualFunction },
    ]);
  });

  test.each(["", `${PATH}/65536`, `${PATH}/x`, `${PATH}/1/2`, "a,b", "a b", "a\nb", "ä", "x".repeat(201)])(
    "is refused as %j",
    (id) => {
      const wanted = "the instance path of a device, with / and a number for a virtual function";
      expect(refusal(() => hostedDevices([{ id, idType: "vpci" }], "linux"))).toMatch(
        new RegExp(`^/windows/devices/0/id is ".*, must be ${wanted}$`),
      );
    },
  );

  test.each([
    ["windows", ["vpci-instance-id", "vpci"], "vpci-instance-id or vpci"],
    ["linux", ["vpci-instance-id", "vpci", "gpu"], "vpci-instance-id, vpci or gpu"],
  ] as const)("of a %s guest has one of the types %j", (os, types, allowed) => {
    for (const idType of types) {
      expect(hostedDevices([{ id: PATH, idType }], os)).toMatchObject([{ idType, instancePath: PATH }]);
    }
    const others = [
      "class",
      "vpci-class-guid",
      "vpci-location-path",
      "x",
      ...(os === "windows" ? ["gpu"] : []),
    ];
    for (const idType of others) {
      const devices = [
        { id: PATH, idType: "vpci" },
        { id: PATH, idType },
      ];
      expect(refusal(() => hostedDevices(devices, os))).toBe(
        `/windows/devices/1/idType is "${idType}", must be ${allowed} in a VM with a ${os} guest`,
      );
    }
  });
});

test("drivers are named by annotations", () => {
  const name = "io.microsoft.assigneddevice.kerneldrivers";
  expect(driverFolders(undefined)).toEqual([]);
  expect(driverFolders({ [name]: "C:\\a, D:\\b b ,,", x: "y" })).toEqual(["C:\\a", "D:\\b b"]);
  expect(gpuDriverDisk({})).toBe(undefined);
  expect(gpuDriverDisk({ "io.microsoft.lcow.gpuvhdpath": "C:\\gpu.vhd" })).toBe("C:\\gpu.vhd");
});
