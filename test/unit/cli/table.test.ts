import { expect, test } from "vitest";
import { tableLines } from "../../../src/cli/table.ts";

test("tableLines makes each column as wide as its widest cell and three blanks more", () => {
  expect(
    tableLines([
      ["ID", "PID", "STATUS"],
      ["a-long-name", "7", "running"],
      ["", "1234", ""],
    ]),
  ).toEqual([
    "ID            PID    STATUS", //
    "a-long-name   7      running",
    "              1234",
  ]);
});

test("tableLines does not pad the last cell of a short row", () => {
  expect(tableLines([["a", "b"], ["long"], []])).toEqual(["a      b", "long", ""]);
});

test("tableLines lets no cell move the cursor or begin a line", () => {
  expect(tableLines([["a\u001B[31m\nb", "ü"]])).toEqual(["a?[31m?b   ü"]);
});

test("tableLines of no rows is nothing", () => {
  expect(tableLines([])).toEqual([]);
});
