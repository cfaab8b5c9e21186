import type { AssignedDeviceV1, Device } from "../../schema/hcs.ts";
import { shown } from "../../schema/faults.ts";
import { documentFault } from "./fault.ts";

const GUID = /^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$/;
const CLASS_TYPES = ["class", "vpci-class-guid"];

/** A device of a configuration. */
export interface ConfiguredDevice {
  id: string;
  idType: string;
}

/** Converts the devices of a Windows container. @throws {BundleError} if a device has no type that is served */
export function deviceDocuments(devices: readonly ConfiguredDevice[]): Device[] {
  return devices.map((device, index) => {
    if (device.idType === "vpci-location-path") return { Type: "DeviceInstance", LocationPath: device.id };
    if (CLASS_TYPES.includes(device.idType)) return { InterfaceClassGuid: classGuid(device, index) };
    throw unserved(device, index, "class, vpci-class-guid or vpci-location-path");
  });
}

/** The same for schema 1, which knows classes only. @throws {BundleError} */
export function deviceDocumentsV1(devices: readonly ConfiguredDevice[]): AssignedDeviceV1[] {
  return devices.map((device, index) => {
    if (!CLASS_TYPES.includes(device.idType))
      throw unserved(device, index, "class or vpci-class-guid in schema 1.0");
    return { InterfaceClassGuid: classGuid(device, index) };
  });
}

/** Engines write `class/GUID` as they get it from their users. */
function classGuid({ id }: ConfiguredDevice, index: number): string {
  const guid = id.replace(/^class\//, "");
  if (GUID.test(guid)) return guid;
  throw documentFault(["windows", "devices", index, "id"], `is ${shown(id)}, must be a GUID without braces`);
}

function unserved({ idType }: ConfiguredDevice, index: number, allowed: string): Error {
  return documentFault(["windows", "devices", index, "idType"], `is ${shown(idType)}, must be ${allowed}`);
}
