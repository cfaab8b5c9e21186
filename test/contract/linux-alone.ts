// Runs the contract with the first choice of an executor and no test runner, for a bundle.
import { describeComputeService } from "./compute-service.contract.ts";
import { openLinuxContractHost } from "./linux-host.ts";
import { PlainRunner } from "./plain-runner.ts";

async function main(): Promise<void> {
  const runner = new PlainRunner();
  describeComputeService("crun", runner, () => openLinuxContractHost("crun"));
  const { passed, failures } = await runner.run();
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exit(failures.length === 0 ? 0 : 1);
}

void main();
