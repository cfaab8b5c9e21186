import type { ComputeSystem, Container, HostedSystem } from "../../schema/hcs.ts";
import type { CreateOptions } from "./create-options.ts";
import { SCHEMA_V2 } from "./schema-version.ts";

/** Who a compute system belongs to. */
type Ownership = Pick<CreateOptions, "owner">;

/** The document of a Windows container that shares the host's kernel. */
export function argonSystem({ owner }: Ownership, container: Container): ComputeSystem {
  return { ...common(owner), Container: container };
}

/** A Windows container as the guest of a Windows VM gets it. */
export function hostedContainer(container: Container): HostedSystem {
  return { SchemaVersion: SCHEMA_V2, Container: container };
}

/** The document of a container in a VM, when the service talks to the guest. */
export function hostedSystem(
  { owner }: Ownership,
  hostingSystemId: string,
  hosted: HostedSystem,
): ComputeSystem {
  return { ...common(owner), HostingSystemId: hostingSystemId, HostedSystem: hosted };
}

function common(owner: string): ComputeSystem {
  return { Owner: owner, SchemaVersion: SCHEMA_V2, ShouldTerminateOnLastHandleClosed: true };
}
