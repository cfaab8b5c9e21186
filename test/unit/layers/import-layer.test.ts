import { readdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, test } from "vitest";
import { FormatError } from "../../../src/formats/format-error.ts";
import { importLayer, type ImportRequest, type ImportResult } from "../../../src/layers/import-layer.ts";
import { useFolder } from "../../support/qemu-image.ts";
import { END, header, member } from "../formats/tar/tar-blocks.ts";

const pathOf = useFolder();

function imported(blocks: readonly Buffer[], request: Partial<ImportRequest> = {}): Promise<ImportResult> {
  const [input, path] = [pathOf("tar"), pathOf("image")];
  writeFileSync(input, Buffer.concat(blocks));
  return importLayer({ input, destination: { path, force: false }, image: {}, verity: false, ...request });
}

test("holds the tar to its limit, not the image, in which small files take more room", async () => {
  const files = Array.from({ length: 500 }, (_, index) => member({ name: `file${index}` }, "x"));
  const tar = [...files, END];
  const maximumSize = Buffer.concat(tar).length;
  const { size } = await imported(tar, { maximumSize });
  expect(size).toBeGreaterThan(maximumSize);
  await expect(imported(tar, { maximumSize: maximumSize - 1, destination: other() })).rejects.toThrow(
    `its tar has more than the ${maximumSize - 1} bytes of --max-size`,
  );
});

test("names the input in what it finds in it, and leaves nothing", async () => {
  const work = imported([member({ name: "a" }, "x"), header({ name: "b", mode: "8" })]);
  await expect(work).rejects.toThrow(FormatError);
  await expect(work).rejects.toThrow(
    `Cannot import "${pathOf("tar")}": cannot read the tar: entry "b" at byte 1024: its mode holds "8"`,
  );
  const refused = imported([member({ name: "a" }, "x"), member({ name: "a/b" }, "y"), END]);
  await expect(refused).rejects.toThrow(
    `Cannot import "${pathOf("tar")}": cannot store "a/b": its parent "a" is not a directory (entry at byte 1024 of the tar)`,
  );
  const { path } = other();
  expect(readdirSync(dirname(path)).filter((name) => name.includes(basename(path)))).toEqual([]);
});

test("tells of a whole image that is taken for a layer", async () => {
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  await imported([member({ name: "etc/oci-layout" }, "x"), END], { onWarning, destination: other() });
  expect(warnings).toEqual([]);
  const destination = { path: pathOf("whole"), force: false };
  await imported([member({ name: "oci-layout" }, "x"), END], { onWarning, destination });
  expect(warnings).toEqual(["The tar seems to be a saved image and not a layer: its layers are files in it"]);
});

test("refuses a size that no VHD has before it reads anything", async () => {
  const work = imported([Buffer.alloc(1)], { image: { size: 3 * 2 ** 40 } });
  await expect(work).rejects.toThrow(/: a VHD has at most 2190433320960 bytes, and its disk would have 3298/);
});

function other(): ImportRequest["destination"] {
  return { path: pathOf("other"), force: false };
}
