import { posix } from "node:path";
import { cleanUpAfter, PlatformError, UsageError } from "../base/errors.ts";
import { stringifyJson } from "../base/lossless-json.ts";
import type { InitAttachment, LinuxContainerDocument } from "../hcs/compute-service.ts";
import { containerType } from "../oci/container-type.ts";
import { loadBundle, type Bundle } from "../oci/bundle.ts";
import { requireContainerId } from "../oci/container-id.ts";
import { containerDocument } from "../oci/documents/container-document.ts";
import { sandboxId } from "../oci/sandbox-id.ts";
import type { ContainerRecord } from "../state/container-record.ts";
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
 * Claims an id, remembers the container, and calls `make` while the id is locked. When that fails, nothing of
 * the container is left.
 *
 * @throws {BundleError | ContainerStateError | PlatformError | UsageError}
 */
export async function withNewContainer<T>(
  runtime: Runtime,
  { id, bundle: path, isolation, attachment }: NewContainer,
  make: (document: LinuxContainerDocument) => Promise<T>,
): Promise<T> {
  requireContainerId(id);
  const bundle = loadBundle(path);
  requireConsole(bundle, attachment);
  const record = newRecord(runtime, id, bundle, isolation);
  runtime.mark("load bundle");
  const lock = await runtime.store.create(record, stringifyJson(bundle.config));
  runtime.mark("write state");
  try {
    return await make(containerDocument(bundle));
  } catch (error) {
    throw await cleanUpAfter(error, () => runtime.store.remove(id));
  } finally {
    lock.release();
    runtime.mark("execute");
  }
}

function newRecord(
  { owner }: Runtime,
  id: string,
  { path, config }: Bundle,
  requested: Isolation | undefined,
): ContainerRecord {
  const type = containerType(config);
  return {
    format: 1,
    id,
    owner,
    ociVersion: config.ociVersion,
    bundle: path,
    rootfs: posix.resolve(path, config.root?.path ?? ""),
    created: new Date().toISOString(),
    isolation: requireProcessIsolation(id, requested ?? askedIsolation(config)),
    containerType: type,
    ...(type === "pod_container" ? { sandboxId: sandboxId(config) } : {}),
    ...(config.annotations === undefined ? {} : { annotations: config.annotations }),
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

/** A detached terminal needs someone who holds its other end, and a socket needs a terminal. */
function requireConsole({ config }: Bundle, { consoleSocket, detached }: InitAttachment): void {
  const terminal = config.process?.terminal === true;
  if (terminal && detached && consoleSocket === undefined) {
    throw new UsageError("cannot allocate tty if runhcs will detach without setting console socket", {
      hint: "Give --console-socket, or set process.terminal to false in config.json",
    });
  }
  if (consoleSocket !== undefined && !(terminal && detached)) {
    throw new UsageError("cannot use console socket if runhcs will not detach or allocate tty");
  }
}
