// The tests of the Windows host without a test runner, for Node on Windows: alone.cjs KOFFI LIBRARY PROGRAM [NAME].
import { writeSync } from "node:fs";
import { PlainRunner } from "../contract/plain-runner.ts";
import { describeBindings } from "./bindings.suite.ts";
import { describeComputeService } from "./compute-service.suite.ts";
import { NativeDouble, type Koffi } from "./native-double.ts";

const [koffiFile = "", library = "", program = "", only = ""] = process.argv.slice(2);
const addon: { exports: unknown } = { exports: {} };
process.dlopen(addon, koffiFile);
const double = new NativeDouble(addon.exports as Koffi, library, program);

// Standard output may be a pipe of another system, of which Node's own streams want to know nothing.
console.info = (text: string) => writeSync(1, `${text}\n`);
console.info(`${process.platform} ${process.version}`);

const runner = new PlainRunner({ only, timeout: 60_000 });
describeBindings(runner, () => double);
describeComputeService(runner, () => double);
void runner.run().then(({ passed, failures }) => {
  for (const failure of failures) console.info(`failed: ${failure}`);
  console.info(`${passed} passed, ${failures.length} failed, 0 skipped`);
  process.exit(failures.length === 0 ? 0 : 1);
});
