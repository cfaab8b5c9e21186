import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseMountinfo } from "../../../../src/hcs/linux/mount-table.ts";

describe("parseMountinfo", () => {
  const word = fc.stringMatching(/^[a-z0-9=]{1,8}$/);
  const path = fc.stringMatching(/^\/[ -~\t\n]{0,20}$/);
  const device = fc.stringMatching(/^\d{1,3}:\d{1,5}$/);
  const mount = fc.record({
    device,
    root: path,
    mountPoint: path,
    type: word,
    superOptions: fc.array(word, { minLength: 1, maxLength: 4 }),
    tags: fc.array(word, { maxLength: 3 }),
  });
  const escape = (text: string) =>
    text.replaceAll(/[\\ \t\n]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);

  test("reads back what the kernel would write, with escapes and any number of optional fields", () => {
    fc.assert(
      fc.property(fc.array(mount), (mounts) => {
        const lines = mounts.map(({ device: number, root, mountPoint, type, superOptions, tags }) =>
          [
            `31 23 ${number}`,
            escape(root),
            escape(mountPoint),
            "rw",
            ...tags,
            "-",
            type,
            "src",
            superOptions,
          ].join(" "),
        );
        const expected = mounts.map(({ tags: _, ...rest }) => rest);
        expect(parseMountinfo(`${lines.join("\n")}\n`)).toEqual(expected);
      }),
    );
  });

  test("survives any text", () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom("-", "\n", "\\040"), fc.string()));
    fc.assert(
      fc.property(pieces, (words) => {
        const text = words.join(" ");
        expect(parseMountinfo(text).length).toBeLessThanOrEqual(text.split("\n").length);
      }),
    );
  });
});
