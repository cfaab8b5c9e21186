import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canOverlay, startDaemon, stopDaemon, writeClient } from "./engine-suite.ts";
import type { Engine, RuntimeUnderTest } from "./engine-suite.ts";
import type { Sandbox } from "./sandbox.ts";

// The namespace is also the parent of all cgroups that `ctr` gives to containers.
const NAMESPACE = `runhcs-${process.pid}`;

/**
 * containerd driven by `ctr`. The wrapper puts the runtime under test into `ctr run` and `ctr c create`,
 * the only two that name one.
 */
export const containerdEngine: Engine = {
  name: "containerd",
  start,
  clean: `
    for id in $(ctr task ls -q); do ctr task kill --all -s KILL $id; ctr task rm --force $id; done
    for id in $(ctr c ls -q); do ctr c rm $id; done`,
  stop: stopDaemon("containerd"),
  cgroups: `echo '*/${NAMESPACE}/*'`,
  cgroupParents: `echo '*/${NAMESPACE}'`,
  stateRoot: () => `/run/containerd/runc/${NAMESPACE}`,
};

async function start(sandbox: Sandbox, runtime: RuntimeUnderTest, archive: string): Promise<void> {
  const { folder } = sandbox;
  await writeFile(join(folder, "containerd.toml"), configuration(folder));
  const snapshotter = (await canOverlay(sandbox)) ? "overlayfs" : "native";
  const client = `env CONTAINERD_SNAPSHOTTER=${snapshotter} /usr/bin/ctr --address /run/containerd.sock --namespace ${NAMESPACE}`;
  await writeClient(sandbox, "ctr", client);
  await writeClient(sandbox, "ctr-run", `ctr run --runc-binary ${runtime.path}`);
  await startDaemon(sandbox, `containerd --config ${folder}/containerd.toml`, "ctr version");
  const loaded = await sandbox.run(`ctr image import ${archive}`);
  if (loaded.code !== 0) {
    throw new Error(`containerd cannot load the image: ${loaded.stderr}`);
  }
}

function configuration(folder: string): string {
  return `
version = 2
root = "${folder}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "/run/containerd.sock"
`;
}
