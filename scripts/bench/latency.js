/** Latencies: what is timed, and what is compared with what. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { shuffled, summarize } from "./figures.js";

/** Without a pause the cgroup writes of the next call are 7 ms cheaper, for every program. */
const PAUSE_MS = 80;
const WARM_UP_RUNS = 3;

/** Each comparison: the median of `ours`, divided by that of `yardstick`, must not exceed the bar. */
export const COMPARISONS = [
  { name: "state", title: "runhcs state", ours: "state", yardstick: "empty", bar: 0.75, goal: 0.45 },
  { name: "run", title: "runhcs run", ours: "run", yardstick: "runc run", bar: 1.15, goal: 1 },
  {
    name: "five",
    title: "five calls",
    ours: "five",
    yardstick: "runc five",
    bar: 2,
    goal: 1.3,
    extra: "crun five",
  },
  { name: "node", title: "state on Node", ours: "node state", yardstick: "empty", bar: 1.6, goal: 1.35 },
];

/** Everything that is timed: a title for the table, and the commands, one after the other. */
function subjects({ programs, prefix, bundle }) {
  const { empty, runhcs, node, runc, crun } = programs;
  const run = (program) => [`${program} run --bundle ${bundle("true")} ${prefix}run`];
  return {
    empty: { title: "node empty.js", commands: [empty] },
    state: { title: "runhcs state", commands: [`${runhcs} state ${prefix}state`] },
    "node state": { title: "node bin/run.js state", commands: [`${node} state ${prefix}state`] },
    run: { title: "runhcs run", commands: run(runhcs) },
    "runc run": { title: "runc run", commands: run(runc) },
    five: { title: "runhcs, five calls", commands: fiveCalls(runhcs, { prefix, bundle }) },
    "runc five": { title: "runc, five calls", commands: fiveCalls(runc, { prefix, bundle }) },
    "crun five": {
      title: needsView() ? "crun, five calls (create in a private cgroup view)" : "crun, five calls",
      commands: fiveCalls(crun, { prefix, bundle }, needsView() ? inCgroupView : undefined),
    },
  };
}

function fiveCalls(program, { prefix, bundle }, around = (command) => command) {
  const id = `${prefix}five`;
  return [
    around(`${program} create --bundle ${bundle("sleep")} ${id}`),
    `${program} start ${id}`,
    `${program} state ${id}`,
    `${program} kill ${id} KILL`,
    `${program} delete --force ${id}`,
  ];
}

const UNIFIED = "/sys/fs/cgroup/unified";

/** crun refuses a host of mixed cgroup versions if the v2 part has controllers. */
function needsView() {
  try {
    return readFileSync(`${UNIFIED}/cgroup.controllers`, "utf8").trim() !== "";
  } catch {
    return false;
  }
}

function inCgroupView(command) {
  const mounts = `mount --make-private ${UNIFIED} && mount --bind /dev/null ${UNIFIED}/cgroup.controllers`;
  return `unshare --mount --propagation unchanged sh -c '${mounts} && exec ${command}'`;
}

/** Times the subjects of the comparisons in random order. @returns figures by subject */
export async function measureLatency(workplace, stopwatch, { comparisons, runs }) {
  const wanted = new Set(comparisons.flatMap(({ ours, yardstick, extra }) => [ours, yardstick, extra]));
  const chosen = Object.entries(subjects(workplace)).filter(([name]) => wanted.has(name));
  const { programs, prefix, bundle } = workplace;
  await stopwatch.time(`${programs.runhcs} run --detach --bundle ${bundle("sleep")} ${prefix}state`);
  const times = new Map(chosen.map(([name]) => [name, []]));
  for (let run = -WARM_UP_RUNS; run < runs; run++) {
    for (const [name, { commands }] of shuffled(chosen)) {
      await pause(PAUSE_MS);
      const sum = await timeAll(stopwatch, commands);
      if (run >= 0) times.get(name).push(sum);
    }
  }
  await stopwatch.time(`${programs.runhcs} delete --force ${prefix}state`);
  return Object.fromEntries(
    chosen.map(([name, { title }]) => [name, { title, ...summarize(times.get(name)) }]),
  );
}

async function timeAll(stopwatch, commands) {
  let sum = 0;
  for (const command of commands) sum += await stopwatch.time(command);
  return sum;
}

/** Judges the figures. @returns one row for each comparison */
export function judge(comparisons, figures) {
  return comparisons.map((comparison) => {
    const { ours, yardstick, bar, goal } = comparison;
    const ratio = figures[ours].median / figures[yardstick].median;
    const result = ratio > bar ? "missed" : ratio > goal ? "met" : "met, goal too";
    return { ...comparison, ratio, result };
  });
}
