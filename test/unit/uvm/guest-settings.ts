import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

function schema(name: string): object {
  const url = new URL(`../../../schemas/hcs/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as object;
}

/** What Settings of a guest request holds, by `<os> <ResourceType>`. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  "linux MappedVirtualDisk": "LinuxMappedVirtualDisk",
  "windows MappedVirtualDisk": "MappedVirtualDisk",
  "linux MappedDirectory": "LinuxMappedDirectory",
  "linux VPMemDevice": "LinuxVPMemDevice",
  "linux VPCIDevice": "LinuxVpciDevice",
  "linux CombinedLayers": "CombinedLayers",
  "windows CombinedLayers": "CombinedLayers",
  "linux Network": "LinuxNetworkGuestSettings",
  "windows Network": "NetworkGuestSettings",
};

const ajv = new Ajv({
  strict: false,
  formats: { uint8: true, uint16: true, uint32: true },
  schemas: [schema("compute-system"), schema("modify"), schema("service")],
});

/** Tells what is wrong with the settings of a guest request; undefined if they are what that guest takes. */
export function guestSettingsFault(os: string, type: string, settings: unknown): string | undefined {
  if (os === "windows" && type === "NetworkNamespace") return undefined;
  const definition = DEFINITIONS[`${os} ${type}`];
  if (definition === undefined) return `a ${os} guest knows no ${type}`;
  const validate = ajv.getSchema(
    `https://runhcs.io/schemas/hcs/modify.schema.json#/definitions/${definition}`,
  ) as ValidateFunction;
  return validate(settings) ? undefined : ajv.errorsText(validate.errors);
}
