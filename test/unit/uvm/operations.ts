import * as fc from "fast-check";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";

/** The reference: how often each thing is in use, and as what. */
export type Model = Map<string, { uses: number; kind: string }>;

/** One call on a VM, and what it has to do by the model. */
export interface Operation {
  name: string;
  /** Which thing of the model it is about. */
  key: string;
  run(vm: UtilityVm): Promise<unknown>;
  /** The code with which it has to fail, if it has to. */
  refusal(model: Model): string | undefined;
  apply(model: Model): void;
}

interface Kind {
  /** Whether it can be added again while it is there, and counted. */
  isCounted: boolean;
  add(vm: UtilityVm, name: string): Promise<unknown>;
  remove(vm: UtilityVm, name: string): Promise<unknown>;
  /** What kinds share their names: of one of them, a name can be there as one only. */
  family?: string;
  /** Whether to remove what is not there is no error. */
  isForgiving?: boolean;
}

const file = (name: string) => ({ hostPath: `C:\\f\\${name}.txt`, readOnly: false, isFile: true });
const endpoint = (name: string, number: number) => ({
  ID: `00000000-0000-4000-8000-0000000000${name}${number}`,
  MacAddress: "00-15-5D-00-00-01",
});

const network: Kind = {
  isCounted: true,
  isForgiving: true,
  add: (vm, name) =>
    vm.networks.add({
      id: `00000000-0000-4000-8000-00000000000${name}`,
      endpoints: [endpoint(name, 1), endpoint(name, 2)],
    }),
  remove: (vm, name) => vm.networks.remove(`00000000-0000-4000-8000-00000000000${name}`),
};

const disk: Kind = {
  isCounted: false,
  family: "scsi",
  add: (vm, name) => vm.scsi.addDisk({ hostPath: name, guestPath: `/mnt/${name}` }),
  remove: (vm, name) => vm.scsi.remove(name),
};

const pci: Kind = {
  isCounted: true,
  add: (vm, name) => vm.vpci.add({ instancePath: `PCIP\\VEN_1414\\${name}`, virtualFunction: 0 }),
  remove: (vm, name) => vm.vpci.remove({ instancePath: `PCIP\\VEN_1414\\${name}`, virtualFunction: 0 }),
};

/** The kinds of devices that a guest of each operating system can have. */
export const KINDS: Readonly<Record<"linux" | "windows", Readonly<Record<string, Kind>>>> = {
  linux: {
    network,
    pci,
    disk,
    "attached disk": {
      ...disk,
      add: (vm, name) => vm.scsi.addDisk({ hostPath: name }),
    },
    layer: { ...disk, isCounted: true, add: (vm, name) => vm.scsi.addLayer(name) },
    vpmem: {
      isCounted: true,
      add: (vm, name) => vm.vpmem.add({ hostPath: name, expose: true }),
      remove: (vm, name) => vm.vpmem.remove(name),
      family: "vpmem",
    },
    "hidden vpmem": {
      isCounted: true,
      add: (vm, name) => vm.vpmem.add({ hostPath: name, expose: false }),
      remove: (vm, name) => vm.vpmem.remove(name),
      family: "vpmem",
    },
    plan9: {
      isCounted: true,
      add: (vm, name) => vm.plan9.add({ hostPath: name, guestPath: `/share/${name}`, readOnly: true }),
      remove: (vm, name) => vm.plan9.remove(name, `/share/${name}`),
    },
  },
  windows: {
    network,
    pci,
    disk,
    folder: {
      isCounted: true,
      add: (vm, name) => vm.vsmb.add({ hostPath: `C:\\${name}`, readOnly: true }),
      remove: (vm, name) => vm.vsmb.remove({ hostPath: `C:\\${name}`, readOnly: true }),
    },
    file: {
      isCounted: true,
      add: (vm, name) => vm.vsmb.add(file(name)),
      remove: (vm, name) => vm.vsmb.remove(file(name)),
    },
    pipe: {
      isCounted: true,
      add: (vm, name) => vm.pipes.add(`\\\\.\\pipe\\${name}`),
      remove: (vm, name) => vm.pipes.remove(`\\\\.\\pipe\\${name}`),
    },
  },
};

/** Names of things; few, so that calls meet. */
export const NAMES = ["a", "b", "c"] as const;

/** The addition of a thing of one kind. */
export function addition(os: "linux" | "windows", kindName: string, name: string): Operation {
  const { kind, key } = lookUp(os, kindName, name);
  const isSame = (found: string): boolean =>
    kind.isCounted && (found === kindName || (kind.family === "vpmem" && found.endsWith("vpmem")));
  return {
    name: `add ${kindName} ${name}`,
    key,
    run: (vm) => kind.add(vm, name),
    refusal: (model) => {
      const found = model.get(key);
      return found === undefined || isSame(found.kind) ? undefined : "UVM_ALREADY_ATTACHED";
    },
    apply: (model) => {
      const found = model.get(key) ?? { uses: 0, kind: kindName };
      model.set(key, { ...found, uses: found.uses + 1 });
    },
  };
}

/** The removal of a thing of one kind. */
export function removal(os: "linux" | "windows", kindName: string, name: string): Operation {
  const { kind, key } = lookUp(os, kindName, name);
  return {
    name: `remove ${kindName} ${name}`,
    key,
    run: (vm) => kind.remove(vm, name),
    refusal: (model) => (model.has(key) || kind.isForgiving ? undefined : "UVM_NOT_ATTACHED"),
    apply: (model) => {
      const found = model.get(key);
      if (found === undefined) return;
      if (found.uses === 1) model.delete(key);
      else model.set(key, { ...found, uses: found.uses - 1 });
    },
  };
}

/** Draws an operation. */
export function operation(os: "linux" | "windows"): fc.Arbitrary<Operation> {
  return fc
    .tuple(
      fc.constantFrom(addition, removal),
      fc.constantFrom(...Object.keys(KINDS[os])),
      fc.constantFrom(...NAMES),
    )
    .map(([make, kind, name]) => make(os, kind, name));
}

function lookUp(os: "linux" | "windows", kindName: string, name: string): { kind: Kind; key: string } {
  const kind = KINDS[os][kindName];
  if (kind === undefined) throw new Error(`${os} knows no ${kindName}`);
  return { kind, key: `${kind.family ?? kindName} ${name}` };
}
