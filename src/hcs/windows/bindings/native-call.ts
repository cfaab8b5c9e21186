import type { TypeObject } from "koffi";
import type { Koffi, NativeLibrary } from "../koffi.ts";
import type { CallGate } from "./call-gate.ts";
import type { NativeTypes } from "./layouts.ts";
import type { CallResult, Inputs, Outputs, Signature, Token } from "./signature.ts";

type KoffiType = TypeObject | string;
type Parameter = KoffiType | ReturnType<Koffi["out"]>;

/** What functions are bound with. */
export interface CallContext {
  koffi: Koffi;
  types: NativeTypes;
  gate: CallGate;
  /** koffi's type of a string that the callee allocates, copied and freed once. */
  ownedString(): KoffiType;
  /** Tells the last error of the thread that made the call that is being completed. */
  lastError(): number;
}

const INVALID_HANDLE_VALUE = 0xffff_ffff_ffff_ffffn;

/** Finds a function in an open library and makes it callable on the calling thread, which waits for it. */
export function bindDirectly(
  library: NativeLibrary,
  name: string,
  signature: Signature,
  context: CallContext,
): (inputs: readonly unknown[]) => CallResult {
  const native = declare(library, name, signature, context);
  const plan = signature.parameters.map(stepOf);
  const readsError = tellsError(signature);
  return (inputs) => {
    const outputs: unknown[][] = [];
    const returned: unknown = native(...argumentsOf(plan, inputs, outputs));
    return resultOf(returned, readsError ? context.lastError() : 0, outputs);
  };
}

/** Finds a function in an open library and makes it callable on worker threads. */
export function bindFunction(
  library: NativeLibrary,
  name: string,
  signature: Signature,
  context: CallContext,
): (inputs: readonly unknown[]) => Promise<CallResult> {
  const native = declare(library, name, signature, context);
  const plan = signature.parameters.map(stepOf);
  const readsError = tellsError(signature);
  const call = (args: unknown[], done: (error: unknown, returned?: unknown) => void): void => {
    try {
      native.async(...args, done);
    } catch (error) {
      done(error);
    }
  };
  return (inputs) =>
    new Promise((resolve, reject) => {
      const outputs: unknown[][] = [];
      const args = argumentsOf(plan, inputs, outputs);
      const done = (error: unknown, returned?: unknown): void => {
        // FFI: this closure keeps buffers alive until the callee is done with them; now they may go.
        args.length = 0;
        // FFI: koffi tells the worker's last error only while this function runs.
        const lastError = readsError && error === null ? context.lastError() : 0;
        context.gate.leave();
        if (error === null) resolve(resultOf(returned, lastError, outputs));
        else reject(error);
      };
      context.gate.enter(() => call(args, done));
    });
}

function declare(library: NativeLibrary, name: string, signature: Signature, context: CallContext) {
  const parameters = signature.parameters.flatMap((token) => parametersOf(token, context));
  return library.func("__stdcall", name, returnType(signature, context), parameters);
}

function tellsError({ returns }: Signature): boolean {
  return returns === "bool" || returns === "handle" || returns === "count";
}

function resultOf(returned: unknown, lastError: number, outputs: readonly unknown[][]): CallResult {
  const isHandle = typeof returned === "bigint" && returned !== INVALID_HANDLE_VALUE;
  return {
    value: typeof returned === "number" ? returned >>> 0 : 0,
    handle: isHandle ? returned : null,
    lastError,
    out: outputs.map(([value]) => value),
  };
}

/** What a parameter needs at each call: an input, a place for an output, both, or a list and its length. */
type Step = "in" | "out" | "inout" | "list";

function stepOf(token: Token): Step {
  if (token === "layers") return "list";
  if (token.startsWith("out ")) return "out";
  return token.startsWith("inout ") ? "inout" : "in";
}

/** Puts inputs and places for outputs into the order of the C parameters. */
function argumentsOf(plan: readonly Step[], inputs: readonly unknown[], outputs: unknown[][]): unknown[] {
  let next = 0;
  const args: unknown[] = [];
  for (const step of plan) {
    if (step === "in") args.push(inputs[next++]);
    else if (step === "out") args.push(place(outputs, null));
    else if (step === "inout") args.push(place(outputs, inputs[next++]));
    else {
      const list = inputs[next++] as readonly unknown[];
      args.push(list, list.length);
    }
  }
  return args;
}

function place(outputs: unknown[][], value: unknown): unknown[] {
  const slot = [value];
  outputs.push(slot);
  return slot;
}

function returnType({ returns }: Signature, { types }: CallContext): KoffiType {
  if (returns === "void") return "void";
  if (returns === "handle") return types.handle;
  // BOOL has 32 bits in C.
  return returns === "hresult" || returns === "bool" ? "int32_t" : "uint32_t";
}

function parametersOf(token: Token, context: CallContext): Parameter[] {
  const { koffi, types } = context;
  if (token === "layers") return [koffi.pointer(types.layerDescriptor), "uint32_t"];
  const [direction, kind] = token.split(" ");
  if (direction === "out") return [koffi.out(koffi.pointer(valueType(kind as keyof Outputs, context)))];
  if (direction === "inout") return [koffi.inout(koffi.pointer(valueType(kind as keyof Outputs, context)))];
  return [inputType(token as SingleInput, context)];
}

type SingleInput = Exclude<keyof Inputs, "layers">;

function inputType(kind: SingleInput, { koffi, types }: CallContext): Parameter {
  const inputs: Record<SingleInput, () => Parameter> = {
    string: () => "str16",
    handle: () => types.handle,
    u32: () => "uint32_t",
    u64: () => "uint64_t",
    buffer: () => koffi.inout("void *"),
    callback: () => koffi.pointer(types.notificationCallback),
    driver: () => koffi.pointer(types.driverInfo),
    "storage type": () => koffi.pointer(types.storageType),
    "open disk": () => koffi.pointer(types.openDiskParameters),
  };
  return inputs[kind]();
}

function valueType(kind: keyof Outputs, { types, ownedString }: CallContext): KoffiType {
  const outputs: Record<keyof Outputs, () => KoffiType> = {
    string: ownedString,
    handle: () => types.handle,
    u32: () => "uint32_t",
    u64: () => "uint64_t",
    guid: () => types.guid,
    process: () => types.processInformation,
  };
  return outputs[kind]();
}
