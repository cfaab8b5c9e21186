import { basename } from "node:path";
import { LayerError } from "../../../base/errors.ts";
import type { KeyStore } from "../../key-store.ts";
import type { LayerCode } from "../../layer-fault.ts";
import { layerFault } from "../../layer-fault.ts";
import { ComputeError, isAccessDenied, isAlreadyExists, isInvalidState } from "../../results.ts";
import type { LayerDescriptor } from "../bindings/layouts.ts";
import type { Bindings } from "../bindings/open-bindings.ts";
import type { CallResult } from "../bindings/signature.ts";
import { guidText } from "../bindings/guid.ts";
import type { Privileges } from "../privileges.ts";

/** What everything here needs. */
export interface LayerContext {
  bindings: Bindings;
  /** Remembers who uses which layer. */
  keys: KeyStore;
  privileges: Privileges;
  /** Build number of Windows. */
  osBuild: number;
}

/** The filter driver, to which a layer is known by the path of its folder. */
export const FILTER_DRIVER = { Flavour: 1, HomeDir: "" } as const;

const FAILED = 0x8000_0000;
const ERROR_FILE_NOT_FOUND = 0x8007_0002;
const ERROR_PATH_NOT_FOUND = 0x8007_0003;
const ERROR_SHARING_VIOLATION = 0x8007_0020;
const ERROR_FILE_EXISTS = 0x8007_0050;
const ERROR_BUSY = 0x8007_00aa;

/**
 * Waits for a call about a layer.
 *
 * @param action a verb, as in `Cannot mount layer "C:\x": ...`
 * @throws {LayerError} with the service's failure as its cause
 */
export async function layerCall<Out extends unknown[]>(
  path: string,
  action: string,
  call: Promise<CallResult<Out>>,
): Promise<Out> {
  const { value, out } = await call;
  if (value < FAILED) return out;
  throw layerFailure(path, action, value);
}

/** The failure of a call about a layer. @param result HRESULT, unsigned */
export function layerFailure(path: string, action: string, result: number): LayerError {
  const cause = new ComputeError({ operation: `${action} layer`, systemId: path, hresult: result });
  return new LayerError(codeOf(cause), path, cause.message, {
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    cause,
  });
}

function codeOf(failure: ComputeError): LayerCode {
  const { hresult } = failure;
  if (hresult === ERROR_FILE_NOT_FOUND || hresult === ERROR_PATH_NOT_FOUND) return "LAYER_NOT_FOUND";
  if (hresult === ERROR_FILE_EXISTS || isAlreadyExists(failure)) return "LAYER_EXISTS";
  if (isAccessDenied(failure)) return "LAYER_IO";
  const isBusy = isInvalidState(failure) || hresult === ERROR_SHARING_VIOLATION || hresult === ERROR_BUSY;
  return isBusy ? "LAYER_BUSY" : "LAYER_IO";
}

/**
 * Describes layers to the service, which knows each by an id that it makes of the folder's name.
 *
 * @throws {LayerError} LAYER_FORMAT if two have the same id
 */
export async function describeLayers(
  { bindings }: LayerContext,
  paths: readonly string[],
): Promise<LayerDescriptor[]> {
  const byId = new Map<string, LayerDescriptor>();
  for (const path of paths) {
    const [id] = await layerCall(path, "name", bindings.vmcompute.NameToGuid(basename(path)));
    const text = guidText(id);
    const other = byId.get(text);
    if (other !== undefined) {
      const found = `"${other.Path}" has the same name, by which Windows tells layers apart`;
      throw layerFault("LAYER_FORMAT", path, ["use", found]);
    }
    byId.set(text, { LayerId: id, Flags: 0, Path: path });
  }
  return [...byId.values()];
}
