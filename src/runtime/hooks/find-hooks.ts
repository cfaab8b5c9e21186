import { parseJson } from "../../base/lossless-json.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { ContainerRecord } from "../../state/container-record.ts";
import type { Runtime } from "../runtime.ts";
import type { HookedContainer } from "./container-hooks.ts";

/** The hooks of a new container, unless the service of its host executes them. */
export function newHooks(
  { windows }: Runtime,
  record: ContainerRecord,
  { hooks }: OciConfig,
): HookedContainer | undefined {
  return windows === undefined || hooks === undefined ? undefined : { record, hooks };
}

/** The same of a container that exists. One of which no whole state is kept has none any more. */
export function findHooks(runtime: Runtime, id: string): HookedContainer | undefined {
  if (runtime.windows === undefined) return undefined;
  try {
    const config = parseJson(runtime.store.loadConfiguration(id)) as OciConfig;
    return newHooks(runtime, runtime.store.load(id), config);
  } catch {
    return undefined;
  }
}
