#!/usr/bin/env node
// Measures what runhcs must reach and prints it as tables; exits with 1 when a bar is missed.
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable } from "./bench/figures.js";
import { COMPARISONS, judge, measureLatency } from "./bench/latency.js";
import { isLayersReached, layerTables, measureLayers } from "./bench/layers.js";
import { measureCrowd, measureResident } from "./bench/leftovers.js";
import { openStopwatch } from "./bench/stopwatch.js";
import { describeMachine, environment, makeWorkplace } from "./bench/workplace.js";

const NAMES = [...COMPARISONS.map(({ name }) => name), "resident", "crowd", "layers"];
const USAGE = `Usage: npm run bench -- [OPTIONS]

  --runs N      runs of each latency, 30 if absent; layers get a fifth of them
  --only NAME   one measurement, may be repeated: ${NAMES.join(", ")}
  --json        print JSON instead of tables`;

process.exitCode = await main();

async function main() {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  warnOfLoad();
  const workplace = makeWorkplace();
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  process.once("exit", workplace.remove);
  const results = await measure(workplace, options);
  if (options.json) console.log(JSON.stringify(results, undefined, 2));
  else print(results);
  return isReached(results) ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: "string", default: "30" },
        only: { type: "string", multiple: true, default: NAMES },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const runs = Number(values.runs);
    const unknown = values.only.find((name) => !NAMES.includes(name));
    if (values.help) return { help: true };
    if (!(Number.isSafeInteger(runs) && runs > 0)) throw new Error(`Cannot measure "${values.runs}" times`);
    if (unknown !== undefined) throw new Error(`Cannot measure "${unknown}"; it is ${NAMES.join(", ")}`);
    return { ...values, runs };
  } catch (error) {
    console.error(error.message);
    return undefined;
  }
}

function warnOfLoad() {
  const [load] = loadavg();
  if (load > 1) console.error(`Load average is ${load.toFixed(1)}: the figures cannot be relied on`);
}

async function measure(workplace, { only, runs }) {
  const env = environment(workplace.marker);
  const stopwatch = openStopwatch(join(workplace.folder, "errors"), env);
  const comparisons = COMPARISONS.filter(({ name }) => only.includes(name));
  const results = { machine: describeMachine(), load: loadavg()[0], runs };
  if (comparisons.length > 0) {
    results.figures = await measureLatency(workplace, stopwatch, { comparisons, runs });
    results.comparisons = judge(comparisons, results.figures);
  }
  if (only.includes("resident")) results.resident = await measureResident(workplace, stopwatch);
  if (only.includes("crowd")) results.crowd = await measureCrowd(workplace, env, [stopwatch.pid]);
  stopwatch.close();
  if (only.includes("layers")) results.layers = await measureLayers(Math.ceil(runs / 5));
  return results;
}

function isReached({ comparisons = [], resident = {}, crowd, layers }) {
  return (
    comparisons.every(({ result }) => result !== "missed") &&
    Object.values(resident).every(({ processes }) => processes === 0) &&
    (crowd === undefined || isClean(crowd)) &&
    (layers === undefined || isLayersReached(layers))
  );
}

function isClean({ failures, left }) {
  return failures.length === 0 && left.length === 0;
}

function print({ machine, load, runs, figures, comparisons, resident, crowd, layers }) {
  console.log(
    `${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, load ${load.toFixed(1)}, ${runs} runs\n`,
  );
  if (figures !== undefined) printLatency(figures, comparisons);
  if (resident !== undefined) printResident(resident);
  if (crowd !== undefined) printCrowd(crowd);
  for (const table of layers === undefined ? [] : layerTables(layers))
    console.log(`\n${markdownTable(table)}`);
}

function printLatency(figures, comparisons) {
  const ms = (value) => value.toFixed(1);
  const rows = Object.values(figures).map(({ title, median, min, p90 }) => [
    title,
    ms(median),
    ms(min),
    ms(p90),
  ]);
  console.log(`${markdownTable([["time in ms", "median", "min", "p90"], ...rows])}\n`);
  const judged = comparisons.map(({ title, yardstick, ratio, bar, goal, result }) => [
    title,
    figures[yardstick].title,
    ratio.toFixed(2),
    bar.toFixed(2),
    goal.toFixed(2),
    result,
  ]);
  console.log(`${markdownTable([["measure", "divided by", "ratio", "bar", "goal", "result"], ...judged])}\n`);
}

function printResident(resident) {
  const rows = Object.entries(resident).map(([after, { processes, kib }]) => [
    after,
    String(processes),
    String(kib),
    processes === 0 ? "met" : "missed",
  ]);
  console.log(`${markdownTable([["stays after", "processes", "KiB", "result"], ...rows])}\n`);
}

function printCrowd(crowd) {
  const { containers, atOnce, ms, failures, left } = crowd;
  const seconds = (ms / 1000).toFixed(1);
  console.log(
    markdownTable([
      [`${containers} containers, ${atOnce} at a time`, "seconds", "failures", "left behind", "result"],
      [
        "create, start, kill, delete",
        seconds,
        String(failures.length),
        String(left.length),
        isClean(crowd) ? "met" : "missed",
      ],
    ]),
  );
  for (const line of [...failures, ...left].slice(0, 20)) console.log(`  ${line.trim()}`);
}
