import { describe, expect, test } from "vitest";
import { ContainerStateError } from "../../../src/base/errors.ts";
import { requireContainerId } from "../../../src/oci/container-id.ts";

describe("requireContainerId", () => {
  test.each(["a", "0", "web-1_2.3+4", "...", "-", "x".repeat(255)])("accepts %s", (id) => {
    expect(() => requireContainerId(id)).not.toThrow();
  });

  test.each<[string, string]>([
    ["", "Cannot use the container id: container id cannot be empty"],
    [".", 'Cannot use the container id ".": invalid container ID format, . and .. are folders'],
    ["..", 'Cannot use the container id "..": invalid container ID format, . and .. are folders'],
    [
      "a/b",
      'Cannot use the container id "a/b": invalid container ID format, allowed are letters, digits and _ + - .',
    ],
    [
      "a\n",
      'Cannot use the container id "a\\n": invalid container ID format, allowed are letters, digits and _ + - .',
    ],
    [
      "ä",
      'Cannot use the container id "ä": invalid container ID format, allowed are letters, digits and _ + - .',
    ],
    [
      "x".repeat(256),
      `Cannot use the container id "${"x".repeat(60)}...": invalid container ID format, it has 256 characters and at most 255 are allowed`,
    ],
  ])("refuses %j", (id, message) => {
    expect(() => requireContainerId(id)).toThrow(new ContainerStateError("CONTAINER_ID", id, message));
  });
});
