import { cleanUpAfter, ContainerStateError, PlatformError, UsageError } from "../base/errors.ts";
import { stringifyJson } from "../base/lossless-json.ts";
import type { ComputeSystemDocument, InitAttachment } from "../hcs/compute-service.ts";
import { containerConfig } from "../oci/container-config.ts";
import { getContainerType } from "../oci/container-type.ts";
import { loadBundle, type Bundle } from "../oci/bundle.ts";
import { requireContainerId } from "../oci/container-id.ts";
import { containerDocument } from "../oci/documents/container-document.ts";
import { sandboxId } from "../oci/sandbox-id.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import type { ContainerPlan, Isolation, NewContainer } from "./container-plan.ts";
import { newContainerHooks } from "./hooks/new-container-hooks.ts";
import { requireConsole } from "./require-console.ts";
import type { Runtime } from "./runtime.ts";

/** The annotation with which a bundle asks for an isolation. */
const ISOLATION_ANNOTATION = "io.runhcs.isolation";

/**
 * Claims an id, remembers the container, and calls `make` while the id is locked, or until the service has nothing
 * left to do but to follow the container. When that fails, or has followed the container to its end, nothing of it is left.
 *
 * @throws {BundleError | ContainerStateError | PlatformError | UsageError}
 */
export async function withNewContainer<T>(
  runtime: Runtime,
  container: NewContainer,
  make: (document: ComputeSystemDocument, attachment: InitAttachment) => Promise<T>,
): Promise<T> {
  const { id } = container;
  requireContainerId(id);
  const bundle = loadBundle(container.bundle);
  const { record, document, release } = await planContainer(runtime, container, bundle);
  runtime.mark("load bundle");
  const lock = await runtime.store.create(record, stringifyJson(bundle.config));
  runtime.mark("write state");
  let unlock = (): void => {
    unlock = () => {};
    lock.release();
  };
  const hooks = await newContainerHooks(runtime, record, bundle.config);
  const forget = async (): Promise<void> => {
    if (!isStillOurs(runtime, record)) return;
    await release();
    runtime.store.remove(id);
    await hooks?.removed();
  };
  try {
    const attachment = { ...container.attachment, ...hooks?.attachment, onFollow: () => unlock() };
    const made = await make(await document(), attachment);
    if (!container.attachment.detached) await forget();
    return made;
  } catch (error) {
    throw await cleanUpAfter(error, forget);
  } finally {
    unlock();
    runtime.mark("execute");
  }
}

async function planContainer(
  runtime: Runtime,
  container: NewContainer,
  bundle: Bundle,
): Promise<ContainerPlan> {
  const { windows } = runtime;
  if (windows !== undefined) {
    const { planWindowsContainer } = await import("./windows-container/plan-windows-container.ts");
    return planWindowsContainer({ ...runtime, windows }, container, bundle);
  }
  requireConsole(bundle.config.process, container.attachment);
  return {
    record: newRecord(runtime, container, bundle),
    document: async () => containerDocument(bundle),
    release: async () => {},
  };
}

/** What is told when another call has deleted a container, and in the registry also while one makes a new one of its id. */
const NO_WHOLE_RECORD = ["CONTAINER_NOT_FOUND", "STATE_INVALID"];

/**
 * Another call may have deleted the container since it was unlocked, and even made a new one of its id. A record that is
 * not whole cannot be the one that was written here.
 */
function isStillOurs({ store }: Runtime, { id, created }: ContainerRecord): boolean {
  try {
    return store.load(id).created === created;
  } catch (error) {
    if (error instanceof ContainerStateError && NO_WHOLE_RECORD.includes(error.code)) return false;
    throw error;
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
