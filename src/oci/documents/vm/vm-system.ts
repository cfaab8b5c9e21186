import type { ComputeSystem, VirtualMachine } from "../../../schema/hcs.ts";
import { SCHEMA_V2 } from "../schema-version.ts";
import { mergeDocument } from "./merge-document.ts";
import type { VmOptions } from "./vm-options.ts";

/** The document of a VM, with the caller's own JSON merged over it. @throws {UsageError} if that is no object */
export function vmSystem(
  { owner, additionHcsDocumentJson }: VmOptions,
  virtualMachine: VirtualMachine,
): ComputeSystem {
  const document: ComputeSystem = {
    Owner: owner,
    SchemaVersion: SCHEMA_V2,
    ShouldTerminateOnLastHandleClosed: true,
    VirtualMachine: virtualMachine,
  };
  return mergeDocument(document, additionHcsDocumentJson);
}
