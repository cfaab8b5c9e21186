import type { ComputeService } from "../../compute-service.ts";
import type { KeyStore } from "../../key-store.ts";
import type { Shims } from "../../shims.ts";
import { runExecShim } from "./exec-shim.ts";
import { runInitShim } from "./init-shim.ts";
import type { VmOwners } from "../../vm-owners.ts";
import { PipeOwners } from "./pipe-owners.ts";
import type { ShimContext } from "./shim-context.ts";
import { ShimRecords } from "./shim-records.ts";
import { ShimService } from "./shim-service.ts";

/** What containers and their shims are opened with. */
export interface ShimSettings extends Pick<ShimContext, "hcs" | "timeouts" | "osBuild"> {
  keys: KeyStore;
  /** How this program is started again. */
  program: readonly string[];
}

/** Opens both sides of shims: the service that starts them, and what they do themselves. */
export function openShims({ keys, program, ...rest }: ShimSettings): {
  compute: ComputeService;
  shims: Shims;
  owners: VmOwners;
} {
  const context: ShimContext = { ...rest, records: new ShimRecords(keys), program: { words: program } };
  return {
    compute: new ShimService(context),
    shims: {
      serveInit: (id, descriptors) => runInitShim(context, id, descriptors),
      serveExec: (id, descriptors) => runExecShim(context, id, descriptors),
    },
    owners: new PipeOwners(context, keys),
  };
}
