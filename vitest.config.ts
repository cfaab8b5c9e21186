import { configDefaults, defineConfig } from "vitest/config";

/** Tests of functions that keep nothing in their modules and replace no part of Node. */
const PURE = ["test/unit/{base,oci,schema,uvm}/**/*.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One less, Vitest's default, is half of a machine with two processors.
    maxWorkers: "100%",
    projects: [
      // To load modules for each file anew takes longer than these tests themselves.
      { extends: true, test: { name: "pure", include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: "others",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...PURE],
        },
      },
    ],
  },
});
