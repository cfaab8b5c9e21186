// Sums up Vitest's JSON reports, and printed ones that end with counts (*.txt): prints "N passed, N failed, N skipped"
// and exits with 1 unless all passed.
import { readFileSync } from "node:fs";

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const { passed, failed, skipped } = count(path);
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed + sum.skipped === 0 && sum.passed > 0 ? 0 : 1;

/** A suite that ended without a report, or failed outside of its tests, counts as one failure. */
function count(path) {
  try {
    const text = readFileSync(path, "utf8");
    return path.endsWith(".txt") ? countPrinted(text) : countReport(JSON.parse(text));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function countPrinted(text) {
  const lastLine = text.trimEnd().split("\n").at(-1);
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/
    .exec(lastLine)
    .map(Number);
  return { passed, failed, skipped };
}

function countReport(report) {
  const brokenFiles = report.testResults.filter(isBroken).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !report.success ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Tells whether a test file failed although none of its tests did: it could not be loaded, or a hook threw. */
function isBroken({ status, assertionResults }) {
  return status === "failed" && assertionResults.every((result) => result.status !== "failed");
}
