import { describe, expect, test } from "vitest";
import { ContainerStateError } from "../../../src/base/errors.ts";
import { requireStatus, toStatus, type Operation, type Status } from "../../../src/runtime/lifecycle.ts";

test("toStatus names every state of a compute system as OCI does", () => {
  expect((["Creating", "Created", "Running", "Paused", "Stopped"] as const).map(toStatus)).toEqual([
    "creating",
    "created",
    "running",
    "paused",
    "stopped",
  ]);
});

const STATUSES: readonly Status[] = ["creating", "created", "running", "paused", "stopped"];

/** For each operation what is said in each status; undefined where it is allowed. */
const TABLE: Record<Operation, readonly (string | undefined)[]> = {
  start: [
    "cannot start a container in the creating state",
    undefined,
    "cannot start an already running container",
    "cannot start a container in the paused state",
    "cannot start a container that has stopped",
  ],
  exec: [
    "cannot exec in a creating container",
    undefined,
    undefined,
    "cannot exec in a paused container (use --ignore-paused to override)",
    "cannot exec in a stopped container",
  ],
  pause: ["container not running", undefined, undefined, "container already paused", "container not running"],
  resume: [
    "container not paused",
    "container not paused",
    "container not paused",
    undefined,
    "container not paused",
  ],
  kill: ["container not running", undefined, undefined, undefined, "container not running"],
  resize: ["container not running", undefined, undefined, undefined, "container not running"],
  delete: [
    "cannot delete container web that is not stopped: creating",
    undefined,
    "cannot delete container web that is not stopped: running",
    "cannot delete container web that is not stopped: paused",
    undefined,
  ],
  update: ["container not running", undefined, undefined, undefined, "container not running"],
  events: [
    "container with id web is not running",
    undefined,
    undefined,
    undefined,
    "container with id web is not running",
  ],
  checkpoint: [
    "container not running",
    "container not running",
    undefined,
    undefined,
    "container not running",
  ],
};

const CASES = Object.entries(TABLE).flatMap(([operation, phrases]) =>
  STATUSES.map((status, at) => ({ operation: operation as Operation, status, phrase: phrases[at] })),
);

describe("requireStatus", () => {
  test.each(CASES.filter(({ phrase }) => phrase === undefined))(
    "allows to $operation a $status container",
    ({ operation, status }) => {
      expect(requireStatus(operation, "web", status)).toBeUndefined();
    },
  );

  test.each(CASES.filter(({ phrase }) => phrase !== undefined))(
    "refuses to $operation a $status container: $phrase",
    ({ operation, status, phrase = "" }) => {
      const act = (): void => requireStatus(operation, "web", status);
      expect(act).toThrow(ContainerStateError);
      expect(act).toThrow(
        expect.objectContaining({
          code: "CONTAINER_STATUS",
          id: "web",
          hint: expect.stringMatching(/^It must be /),
        }),
      );
      expect(act).toThrow(phrase);
    },
  );
});
