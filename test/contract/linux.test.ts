// The contract on the embedded compute service: with each executor on Node, and once in a bundle on Bun, which is
// what engines call.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeComputeService } from "./compute-service.contract.ts";
import { openLinuxContractHost } from "./linux-host.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

for (const executor of ["crun", "runc"] as const) {
  describeComputeService(executor, { describe, test, expect, beforeAll, afterAll }, () =>
    openLinuxContractHost(executor),
  );
}

test("the contract holds on Bun, where it runs as a bundle without a test runner", async () => {
  const folder = mkdtempSync(join(tmpdir(), "runhcs-bun-"));
  try {
    const outfile = join(folder, "contract.cjs");
    await build({
      entryPoints: [join(REPOSITORY, "test/contract/linux-alone.ts")],
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      define: { "import.meta.dirname": JSON.stringify(REPOSITORY) },
    });
    const bun = join(REPOSITORY, "node_modules/.bin/bun");
    const { status, stdout, stderr } = spawnSync(bun, [outfile], { encoding: "utf8", timeout: 60_000 });
    expect({
      status,
      failures: stdout.split("\n").filter((line) => line.startsWith("failed")),
      stderr,
    }).toEqual({
      status: 0,
      failures: [],
      stderr: "",
    });
    expect(stdout).toMatch(/^\d{2,} passed, 0 failed$/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 70_000);
