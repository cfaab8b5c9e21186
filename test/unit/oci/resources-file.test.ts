import { expect, test } from "vitest";
import { readResources } from "../../../src/oci/resources-file.ts";
import { bundleErrorOf } from "./bundle-folder.ts";

test("readResources reads limits digit for digit", () => {
  expect(readResources('{"memory":{"limit":9223372036854775807},"cpu":{"shares":0}}')).toEqual({
    memory: { limit: 9223372036854775807n },
    cpu: { shares: 0 },
  });
});

test.each([
  ["", 'Cannot read "resources": the JSON text is not JSON'],
  [
    '{"pids":{"limit":"10"},"devices":[{}]}',
    'Cannot read "resources": the JSON text has 2 faults: /devices/0/allow: missing, but required; /pids/limit: found "10", must be an integer',
  ],
])("readResources refuses %j", (text, message) => {
  const error = bundleErrorOf(() => readResources(text));
  expect(error.code).toBe("BUNDLE_INVALID");
  expect(error.message).toContain(message);
});
