import { cleanUpAfter, ContainerStateError, PlatformError, UsageError } from "../base/errors.ts";
import { stringifyJson } from "../base/lossless-json.ts";
import type { InitAttachment, LinuxContainerDocument } from "../hcs/compute-service.ts";
import { containerConfig } from "../oci/container-config.ts";
import { getContainerType } from "../oci/container-type.ts";
import { loadBundle, type Bundle } from "../oci/bundle.ts";
import { requireContainerId } from "../oci/container-id.ts";
import { containerDocument } from "../oci/documents/container-document.ts";
import { sandboxId } from "../oci/sandbox-id.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { requireConsole } from "./require-console.ts";
import type { Runtime } from "./runtime.ts";

/** How containers are kept apart. */
export type Isolation = ContainerRecord["isolation"];

/** A container to make. */
export interface NewContainer {
  id: string;
  /** Path of the bundle's folder. */
  bundle: string;
  /** Undefined lets the bundle decide. */
  isolation?: Isolation;
  attachment: InitAttachment;
}

/** The annotation with which a bundle asks for an isolation. */
const ISOLATION_ANNOTATION = "io.runhcs.isolation";

/**
 * Claims an id, remembers the container, and calls `make` while the id is locked, or until `make` gives the lock
 * back. When that fails, or has followed the container to its end, nothing of it is left.
 *
 * @throws {BundleError | ContainerStateError | PlatformError | UsageError}
 */
export async function withNewContainer<T>(
  runtime: Runtime,
  container: NewContainer,
  make: (document: LinuxContainerDocument, unlock: () => void) => Promise<T>,
): Promise<T> {
  const { id } = container;
  requireContainerId(id);
  const bundle = loadBundle(container.bundle);
  requireConsole(bundle.config.process, container.attachment);
  const record = newRecord(runtime, container, bundle);
  runtime.mark("load bundle");
  const lock = await runtime.store.create(record, stringifyJson(bundle.config));
  runtime.mark("write state");
  let unlock = (): void => {
    unlock = () => {};
    lock.release();
  };
  try {
    const made = await make(containerDocument(bundle), () => unlock());
    if (!container.attachment.detached) forgetContainer(runtime, record);
    return made;
  } catch (error) {
    throw await cleanUpAfter(error, () => forgetContainer(runtime, record));
  } finally {
    unlock();
    runtime.mark("execute");
  }
}

/** Another call may have deleted the container since it was unlocked, and even made a new one of its id. */
function forgetContainer({ store }: Runtime, { id, created }: ContainerRecord): void {
  try {
    if (store.load(id).created === created) store.remove(id);
  } catch (error) {
    if (!(error instanceof ContainerStateError && error.code === "CONTAINER_NOT_FOUND")) throw error;
  }
}

function newRecord(
  { owner }: Runtime,
  { id, isolation, attachment }: NewContainer,
  { path, config }: Bundle,
): ContainerRecord {
  const placement = {
    id,
    bundle: path,
    console: attachment.consoleSocket ?? "",
    detach: attachment.detached,
  };
  const { rootfs, annotations } = containerConfig(config, placement);
  return {
    format: 1,
    id,
    owner,
    ociVersion: config.ociVersion,
    bundle: path,
    rootfs: rootfs.target,
    created: new Date().toISOString(),
    isolation: requireProcessIsolation(id, isolation ?? askedIsolation(config)),
    ...(getContainerType(annotations) === "pod_container" ? { sandboxId: sandboxId(config) } : {}),
    annotations,
  };
}

function askedIsolation({ windows, annotations }: Bundle["config"]): string {
  if (windows?.hyperv !== undefined) return "hypervisor";
  return annotations?.[ISOLATION_ANNOTATION] ?? "process";
}

function requireProcessIsolation(id: string, isolation: string): Isolation {
  if (isolation === "process") return isolation;
  if (isolation === "hypervisor") {
    throw new PlatformError(
      "PLATFORM_UNSUPPORTED",
      `Cannot create container "${id}": hypervisor isolation does not exist on this host yet`,
      { hint: "Use --isolation process" },
    );
  }
  throw new UsageError(
    `Cannot create container "${id}": ${ISOLATION_ANNOTATION} is "${isolation}", it must be process or hypervisor`,
  );
}
