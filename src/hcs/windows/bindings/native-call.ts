import type { TypeObject } from "koffi";
import type { Koffi, NativeLibrary } from "../koffi.ts";
import type { CallGate } from "./call-gate.ts";
import type { NativeTypes } from "./layouts.ts";
import type { CallResult, Signature, Token } from "./signature.ts";

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
  return (inputs) => {
    const outputs: unknown[][] = [];
    const returned: unknown = native(...argumentsOf(signature.parameters, inputs, outputs));
    return resultOf(returned, tellsError(signature) ? context.lastError() : 0, outputs);
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
      const args = argumentsOf(signature.parameters, inputs, outputs);
      const done = (error: unknown, returned?: unknown): void => {
        // FFI: this closure keeps buffers alive until the callee is done with them; now they may go.
        args.length = 0;
        // FFI: koffi tells the worker's last error only while this function runs.
        const lastError = tellsError(signature) && error === null ? context.lastError() : 0;
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
  return returns === "bool" || returns === "handle";
}

function resultOf(returned: unknown, lastError: number, outputs: readonly unknown[][]): CallResult {
  const isNumber = typeof returned === "number";
  const isHandle = typeof returned === "bigint" && returned !== INVALID_HANDLE_VALUE;
  return {
    value: isNumber ? returned >>> 0 : Number(returned === true),
    handle: isHandle ? returned : null,
    lastError,
    out: outputs.map(([value]) => value),
  };
}

/** Puts inputs and places for outputs into the order of the C parameters. */
function argumentsOf(tokens: readonly Token[], inputs: readonly unknown[], outputs: unknown[][]): unknown[] {
  let next = 0;
  const args: unknown[] = [];
  for (const token of tokens) {
    if (token === "layers") {
      const list = inputs[next++] as readonly unknown[];
      args.push(list, list.length);
    } else if (token.startsWith("out ")) {
      args.push(place(outputs, null));
    } else if (token.startsWith("inout ")) {
      args.push(place(outputs, inputs[next++]));
    } else {
      args.push(inputs[next++]);
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
  if (returns === "bool") return "bool";
  if (returns === "handle") return types.handle;
  return returns === "hresult" ? "int32_t" : "uint32_t";
}

function parametersOf(token: Token, { koffi, types, ownedString }: CallContext): Parameter[] {
  const out = (type: KoffiType): Parameter => koffi.out(koffi.pointer(type));
  const inout = (type: KoffiType): Parameter => koffi.inout(koffi.pointer(type));
  switch (token) {
    case "string":
      return ["str16"];
    case "handle":
      return [types.handle];
    case "u32":
      return ["uint32_t"];
    case "u64":
      return ["uint64_t"];
    case "buffer":
      return [koffi.inout("void *")];
    case "callback":
      return [koffi.pointer(types.notificationCallback)];
    case "driver":
      return [koffi.pointer(types.driverInfo)];
    case "layers":
      return [koffi.pointer(types.layerDescriptor), "uint32_t"];
    case "storage type":
      return [koffi.pointer(types.storageType)];
    case "open disk":
      return [koffi.pointer(types.openDiskParameters)];
    case "out string":
      return [out(ownedString())];
    case "out handle":
      return [out(types.handle)];
    case "out u32":
      return [out("uint32_t")];
    case "out u64":
      return [out("uint64_t")];
    case "out guid":
      return [out(types.guid)];
    case "out process":
      return [out(types.processInformation)];
    case "inout u32":
      return [inout("uint32_t")];
    case "inout u64":
      return [inout("uint64_t")];
  }
}
