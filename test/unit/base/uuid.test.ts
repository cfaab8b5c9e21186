import { expect, test } from "vitest";
import { formatUuid, parseUuid } from "../../../src/base/uuid.ts";

const TEXT = "00112233-4455-6677-8899-aabbccddeeff";

test.each([TEXT, TEXT.toUpperCase(), TEXT.replaceAll("-", ""), `{${TEXT}}`])("parseUuid reads %s", (text) => {
  const uuid = parseUuid(text);
  expect(uuid?.toString("hex")).toBe("00112233445566778899aabbccddeeff");
  expect(uuid === undefined ? "" : formatUuid(uuid)).toBe(TEXT);
});

test.each(["", "0", `${TEXT}0`, TEXT.slice(1), TEXT.replace("0", "g"), ` ${TEXT}`, `${TEXT}\n`])(
  "parseUuid refuses %j",
  (text) => {
    expect(parseUuid(text)).toBeUndefined();
  },
);

test("formatUuid reads no byte outside of its view", () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, index) => index);
  expect(formatUuid(bytes.subarray(1, 17))).toBe("01020304-0506-0708-090a-0b0c0d0e0f10");
});
