import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One less, Vitest's default, is half of a machine with two processors.
    maxWorkers: "100%",
  },
});
