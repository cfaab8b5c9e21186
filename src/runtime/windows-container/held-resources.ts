/** What a container holds of its host, as it is noted, and read again by whoever gives it back. */
import { win32 } from "node:path";
import type { NetworkAttachment } from "../../hcs/network-store.ts";
import { OWNER_PIPES, type OwnedVm } from "../../hcs/vm-owners.ts";
import { vmContainer, vmId } from "../../oci/documents/vm/container-vm.ts";
import { shown } from "../../schema/faults.ts";

/** What was made ready for a container, in the form in which it is noted. */
export interface HeldResources {
  /** A scratch that was activated and prepared. */
  scratch?: string;
  /** The network that was made for the container. */
  network?: NetworkAttachment;
  /** Id with which the service guards credentials. */
  credentials?: string;
  /** The VM in which there is more; whether it ends with the container. */
  vm?: OwnedVm & { isOwn: boolean };
}

/** What can be read of a note. */
export interface ReadResources {
  held: HeldResources;
  /** What cannot, such as `vm.pipe is 5`. */
  faults: string[];
}

/** A value of a note, with what is around it. */
interface Place {
  /** The container. */
  id: string;
  /** The object that the value is in. */
  whole: Readonly<Record<string, unknown>>;
}

type Check = (value: unknown, place: Place) => boolean;
type Checks<T> = Record<keyof T, Check>;

const GUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

const isFlag: Check = (value) => typeof value === "boolean";
const isGuid: Check = (value) => typeof value === "string" && GUID.test(value);

const NETWORK: Checks<NetworkAttachment> = {
  namespace: isGuid,
  isOwn: isFlag,
  endpoints: (value, place) => Array.isArray(value) && value.every((endpoint) => isGuid(endpoint, place)),
};

const VM: Checks<NonNullable<HeldResources["vm"]>> = {
  // A VM is only ended with the container whose name it has.
  id: (value, { id, whole }) =>
    typeof value === "string" &&
    (whole["isOwn"] === true ? value === vmId(id) : value === vmId(vmContainer(value))),
  pipe: (value, place) =>
    typeof value === "string" &&
    value.startsWith(OWNER_PIPES) &&
    isGuid(value.slice(OWNER_PIPES.length), place),
  isOwn: isFlag,
};

const FIELDS: Readonly<Record<keyof HeldResources, Check | Readonly<Record<string, Check>>>> = {
  scratch: (value) => typeof value === "string" && win32.isAbsolute(value),
  credentials: (value, { id }) => value === id,
  network: NETWORK,
  vm: VM,
};

/** Reads a note field by field. What is not as it was noted is left out, so that nothing is done with it. */
export function readHeldResources(id: string, note: unknown): ReadResources {
  if (!isObject(note)) return { held: {}, faults: [`is ${shown(note)}`] };
  const held: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, value] of Object.entries(note)) {
    const found = faultsOf(name, value, { id, whole: note });
    if (found.length === 0) held[name] = value;
    faults.push(...found);
  }
  return { held: held as HeldResources, faults };
}

function faultsOf(name: string, value: unknown, place: Place): string[] {
  const check = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof HeldResources] : () => false;
  if (typeof check === "function") return check(value, place) ? [] : [`${name} is ${shown(value)}`];
  if (!isObject(value)) return [`${name} is ${shown(value)}`];
  return Object.entries(check).flatMap(([part, checkPart]) => {
    const found = Object.hasOwn(value, part) ? value[part] : undefined;
    return checkPart(found, { ...place, whole: value }) ? [] : [`${name}.${part} is ${shown(found)}`];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
