import { describe, expect, test } from "vitest";
import { ContainerStateError } from "../../../src/base/errors.ts";
import { parseContainerRecord, type ContainerRecord } from "../../../src/state/container-record.ts";
import { recordOf } from "./record.ts";

const PATH = "/run/runhcs/web/state.json";
const RECORD = recordOf("web");

function parse(value: unknown): ContainerRecord {
  return parseContainerRecord("web", PATH, typeof value === "string" ? value : JSON.stringify(value));
}

test.each([
  ["a record", RECORD],
  ["a record of a pod's container", { ...RECORD, sandboxId: "pod" }],
  ["a record with annotations", { ...RECORD, annotations: { "": "", a: "ü" } }],
  ["a record with fields of a later version", { ...RECORD, later: [1] }],
])("parseContainerRecord reads %s", (_, record) => {
  expect(parse(record)).toEqual(record);
});

describe("parseContainerRecord refuses", () => {
  test.each([
    ["nothing", "", "it is not JSON (0 characters)"],
    ["a record that is cut short", JSON.stringify(RECORD).slice(0, -20), /it is not JSON \(\d+ characters\)/],
    ["another document", { ociVersion: "1.0.2", id: "web", pid: 7 }, "it is not a container's state"],
    ["a list", [RECORD], "it is not a container's state"],
    ["null", null, "it is not a container's state"],
    ["a text", '"web"', "it is not a container's state"],
    ["a later format", { ...RECORD, format: 2 }, "it is not a container's state"],
    ["a record without a bundle", { ...RECORD, bundle: undefined }, "it is not a container's state"],
    ["a record with a number for an owner", { ...RECORD, owner: 0 }, "it is not a container's state"],
    ["a record without annotations", { ...RECORD, annotations: null }, "it is not a container's state"],
    ["another container's record", { ...RECORD, id: "db" }, 'it belongs to container "db"'],
  ])("%s", (_, value, found) => {
    expect(() => parse(value)).toThrow(ContainerStateError);
    expect(() => parse(value)).toThrow(found);
    expect(() => parse(value)).toThrow(
      expect.objectContaining({
        code: "STATE_INVALID",
        id: "web",
        message: expect.stringMatching(/^Cannot read "\/run\/runhcs\/web\/state\.json": [^\n]*$/),
        hint: "Remove the container with: runhcs delete --force web",
      }),
    );
  });
});
