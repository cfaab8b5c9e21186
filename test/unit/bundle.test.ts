// What every start of the program pays for: decision 0013 says why, scripts/bundle.js does it.
import { Script } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleProgram, type CommonModule } from "../../scripts/bundle.js";

let text: string;
let common: CommonModule[];

beforeAll(async () => {
  ({ text, common } = await bundleProgram({ RUNHCS_VERSION: '"0"', RUNHCS_COMMIT: '"0"' }));
}, 60_000);

/** What no command needs that an engine waits for on Linux. */
const RARE = [
  /^src\/(layers|formats|uvm)\//,
  /^src\/hcs\/windows\//,
  /^src\/runtime\/windows-container\//,
  /^src\/schema\/generated\/(?!oci-config)/,
];

describe("the modules that are not in functions", () => {
  test.each(RARE)("are none of %s", (rare) => {
    expect(common.map(({ path }) => path).filter((path) => rare.test(path))).toEqual([]);
  });

  test("are those that make, start and end containers", () => {
    const paths = common.map(({ path }) => path);
    for (const name of ["create", "start", "run", "exec", "state", "kill", "delete"])
      expect(paths).toContain(`src/commands/${name}.ts`);
    expect(paths).toContain("src/hcs/linux/service.ts");
    expect(paths).toContain("src/schema/generated/oci-config.validators.js");
  });

  test("have at most 380 kB", () => {
    const sum = common.reduce((bytes, module) => bytes + module.bytes, 0);
    expect(sum).toBeGreaterThan(200_000);
    expect(sum).toBeLessThan(380_000);
  });

  test("import no module of Node that Bun has to load at a cost", () => {
    const builtins = common.flatMap((module) => module.builtins);
    expect([...new Set(builtins)].toSorted()).toEqual(["node:buffer", "node:fs", "node:path"]);
  });
});

test("is in ASCII, so that Node need not decode it", () => {
  expect(/[\u0080-\uffff]/.exec(text)?.index).toBeUndefined();
});

test("V8 makes at most 150 kB of code to start the program; all of it would be twice that", () => {
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`);
  const program = script.runInThisContext() as (...variables: unknown[]) => void;
  const stop = new Error("the first module of Node that is asked for");
  const require = () => {
    throw stop;
  };
  expect(() => program({}, require, {}, "", "")).toThrow(stop);
  const { length } = script.createCachedData();
  expect(length).toBeGreaterThan(50_000);
  expect(length).toBeLessThan(150_000);
});
