/**
 * Layers: importing archives, exporting images, making scratch disks; each against cp of the same bytes and the tools
 * that Debian has for it. Inputs are in the page cache, and outputs on the same file system.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { shuffled, summarize } from "./figures.js";
import { largeFiles, removeTree, smallFiles, systemFiles } from "./layer-inputs.js";

const top = join(dirname(fileURLToPath(import.meta.url)), "../..");
const RUNHCS = join(top, "bin/runhcs");
const MEMORY_BAR_MB = 250;
/** Peers take many times as long, and no bar depends on them. */
const PEERS = /mke2fs -d|mkfs\.erofs|tar -c/;
const PEER_RUNS = 2;

const HASH = `
  const { createHash } = require("node:crypto"); const { openSync, readSync } = require("node:fs");
  const hash = createHash("sha256"); const fd = openSync(process.argv[1], "r"); const chunk = Buffer.alloc(1 << 20);
  for (let count; (count = readSync(fd, chunk)) > 0;) hash.update(chunk.subarray(0, count));
  console.log(hash.digest("hex"));`;

/** What is compared: `ours` in medians, divided by the largest of the products of a yardstick and its bar. */
export const LAYER_BARS = [
  { title: "import, 1 GiB in large files", ours: "large import", bars: { "large cp": 1.25 }, goal: 1.1 },
  {
    title: "the same with --digest",
    ours: "large import --digest",
    bars: { "large cp": 2, "large sha256 in Node": 1.25 },
  },
  { title: "import, 120,000 small files", ours: "small import", bars: { "small cp": 14 }, goal: 9 },
  { title: "import, /usr", ours: "system import", bars: { "system cp": 2 }, goal: 1.6 },
  { title: "export, large files", ours: "large export", bars: { "large import": 1.5 } },
  { title: "export, small files", ours: "small export", bars: { "small import": 1.5 } },
  { title: "export, /usr", ours: "system export", bars: { "system import": 1.5 } },
  { title: "create-scratch, 20 GB", ours: "create-scratch", bars: { "mkfs.ext4 and qemu-img": 0.1 } },
];

/** Measures all of it. @returns figures by subject, the judged bars, and sizes */
export async function measureLayers(runs) {
  const folder = mkdtempSync("/var/tmp/runhcs-bench-layers.");
  try {
    const figures = {};
    for (const make of [largeFiles, smallFiles, systemFiles]) {
      const input = make(folder);
      Object.assign(figures, time(subjects(folder, input), runs));
      if (input.name === "small") figures.memory = memory(folder, input);
      removeTree(input);
      rmSync(input.tar);
    }
    Object.assign(figures, time(scratchSubjects(folder), runs));
    return { figures, bars: LAYER_BARS.map((bar) => judgeLayer(bar, figures)), sizes: scratchSizes(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function subjects(folder, { name, tar, tree }) {
  const path = (end) => join(folder, `${name}.${end}`);
  const image = path("vhd");
  const all = {
    cp: [`cp ${tar} ${path("cp")}`, path("cp")],
    import: [`${RUNHCS} layer import ${tar} ${image}`, image],
    export: [`${RUNHCS} layer export ${path("kept.vhd")} ${path("out.tar")}`, path("out.tar")],
  };
  if (name === "large") {
    all["import --digest"] = [`${RUNHCS} layer import --digest ${tar} ${image}`, image];
    all["sha256 in Node"] = [`${process.execPath} -e '${HASH}' ${tar}`];
  }
  if (tree !== undefined) {
    all["mke2fs -d"] = [`mke2fs -q -t ext4 -O ^has_journal -d ${tree} ${path("e2")} 2G`, path("e2")];
    all["mkfs.erofs"] = [`mkfs.erofs --quiet ${path("erofs")} ${tree}`, path("erofs")];
    all["tar -c"] = [`tar --format=pax -cf ${path("tar2")} -C ${tree} .`, path("tar2")];
  }
  run(`${RUNHCS} layer import ${tar} ${path("kept.vhd")}`);
  return Object.fromEntries(
    Object.entries(all).map(([what, [command, output]]) => [`${name} ${what}`, { command, output }]),
  );
}

function scratchSubjects(folder) {
  const [raw, vhdx] = [join(folder, "raw"), join(folder, "scratch.vhdx")];
  const convert = `qemu-img convert -O vhdx ${raw} ${vhdx}`;
  const scratch = join(folder, "ours.vhdx");
  return {
    "create-scratch": { command: `${RUNHCS} create-scratch --destpath ${scratch}`, output: scratch },
    "mkfs.ext4 and qemu-img": {
      command: `truncate -s 20G ${raw} && mkfs.ext4 -q ${raw} && ${convert} && rm ${raw}`,
      output: vhdx,
    },
  };
}

function time(subjectsByName, runs) {
  const times = new Map(Object.keys(subjectsByName).map((name) => [name, []]));
  for (let round = -1; round < runs; round++) {
    for (const [name, { command, output }] of shuffled(Object.entries(subjectsByName))) {
      if (PEERS.test(name) && (round < 0 || round >= PEER_RUNS)) continue;
      const began = performance.now();
      run(command);
      if (round >= 0) times.get(name).push(performance.now() - began);
      if (output !== undefined) rmSync(output, { force: true });
    }
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, summarize(values)]));
}

function run(command) {
  const { status, stderr } = spawnSync("/bin/sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`"${command}" ended with code ${status}: ${stderr}`);
}

/** Peak memory of an import, in MB, as the kernel counts it. */
function memory(folder, { tar }) {
  const script = `import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`;
  const image = join(folder, "memory.vhd");
  const printed = execFileSync("python3", ["-c", script, RUNHCS, "layer", "import", tar, image], {
    encoding: "utf8",
  });
  rmSync(image);
  return { megabytes: (Number(printed.trim().split("\n").at(-1)) * 1024) / 1e6, bar: MEMORY_BAR_MB };
}

function scratchSizes(folder) {
  const path = join(folder, "sizes.vhdx");
  run(`${RUNHCS} create-scratch --destpath ${path}`);
  const { size, blocks } = statSync(path);
  return { length: size, allocated: blocks * 512, lengthBar: 32 * 2 ** 20, allocatedBar: 5e6 };
}

function judgeLayer({ title, ours, bars, goal }, figures) {
  const allowed = Object.entries(bars).map(([name, factor]) => ({
    name,
    factor,
    ms: figures[name].median * factor,
  }));
  const largest = allowed.reduce((a, b) => (a.ms >= b.ms ? a : b));
  const ratio = figures[ours].median / figures[largest.name].median;
  const isReached = ratio <= largest.factor;
  const result = !isReached ? "missed" : goal !== undefined && ratio <= goal ? "met, goal too" : "met";
  return { title, yardstick: largest.name, ratio, bar: largest.factor, goal, result };
}

/** Whether every bar is met. */
export function isLayersReached({ figures, bars, sizes }) {
  return (
    bars.every(({ result }) => result !== "missed") &&
    figures.memory.megabytes <= figures.memory.bar &&
    sizes.length < sizes.lengthBar &&
    sizes.allocated < sizes.allocatedBar
  );
}

/** The tables as rows of text. */
export function layerTables({ figures, bars, sizes }) {
  const ms = (value) => value.toFixed(0);
  const { memory: peak, ...timed } = figures;
  const times = Object.entries(timed).map(([name, { median, min, p90 }]) => [
    name,
    ms(median),
    ms(min),
    ms(p90),
  ]);
  const judged = bars.map(({ title, yardstick, ratio, bar, goal, result }) => [
    title,
    yardstick,
    ratio.toFixed(2),
    bar.toFixed(2),
    goal?.toFixed(2) ?? "",
    result,
  ]);
  const within = (value, bar) => (value <= bar ? "met" : "missed");
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  return [
    [["time in ms", "median", "min", "p90"], ...times],
    [["measure", "divided by", "ratio", "bar", "goal", "result"], ...judged],
    [
      ["size in MB", "found", "bar", "result"],
      [
        "memory at its peak, 120,000 files",
        ms(peak.megabytes),
        String(peak.bar),
        within(peak.megabytes, peak.bar),
      ],
      [
        "scratch of 20 GB, length",
        mb(sizes.length),
        mb(sizes.lengthBar),
        within(sizes.length, sizes.lengthBar),
      ],
      [
        "scratch of 20 GB, on disk",
        mb(sizes.allocated),
        mb(sizes.allocatedBar),
        within(sizes.allocated, sizes.allocatedBar),
      ],
    ],
  ];
}
