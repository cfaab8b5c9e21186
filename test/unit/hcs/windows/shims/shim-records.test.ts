import { expect, test } from "vitest";
import { ShimRecords, type SystemRecord } from "../../../../../src/hcs/windows/shims/shim-records.ts";
import { MemoryKeys } from "../../../../support/memory-keys.ts";

const RECORD: SystemRecord = {
  UniqueId: "7a5c0d1e-0000-4000-8000-0000000000e1",
  Owner: "me",
  GuestOs: "Linux",
  InitProcess: { cwd: "/", args: ["true"] },
};

test("the record of a system is read as it was written, and a damaged one is there, but not read", () => {
  const keys = new MemoryKeys();
  const records = new ShimRecords(keys);
  keys.createKey("web");
  records.add("web", RECORD);
  expect([records.find("web"), records.list()]).toEqual([RECORD, ["web"]]);
  const parts = Object.keys(RECORD).map((name) => JSON.stringify({ ...RECORD, [name]: null }));
  for (const json of ["", "null", "[]", "7", "{}", JSON.stringify(RECORD).slice(1), ...parts]) {
    keys.writeValue("web", "system", { json });
    expect([records.find("web"), records.has("web"), records.list()], json).toEqual([
      undefined,
      true,
      ["web"],
    ]);
  }
});
