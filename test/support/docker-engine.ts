import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDaemon, stopDaemon, writeClient } from "./engine-suite.ts";
import type { Engine, RuntimeUnderTest } from "./engine-suite.ts";
import type { Sandbox } from "./sandbox.ts";

const CGROUP_PARENT = `/runhcs-${process.pid}`;

// As in podman's configuration, containers have no network unless a case asks for one.
const WITHOUT_NETWORK = `
case "$1 $*" in
  *" --network "*) ;;
  run*) shift; set -- run --network none "$@" ;;
  create*) shift; set -- create --network none "$@" ;;
esac`;

/** dockerd with the containerd that it starts itself; its firewall rules stay in the sandbox's network. */
export const dockerEngine: Engine = {
  name: "docker",
  start,
  clean: "docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes",
  stop: stopDaemon("dockerd"),
  cgroups: `echo '*${CGROUP_PARENT}/*'`,
  cgroupParents: `echo '*${CGROUP_PARENT}'`,
  stateRoot: () => "/run/docker/runtime-runc/moby",
};

async function start(sandbox: Sandbox, runtime: RuntimeUnderTest, archive: string): Promise<void> {
  const { folder } = sandbox;
  await writeFile(join(folder, "daemon.json"), JSON.stringify(configuration(folder, runtime)));
  await writeClient(sandbox, "docker", "/usr/bin/docker --host unix:///run/docker.sock", WITHOUT_NETWORK);
  await startDaemon(sandbox, `dockerd --config-file ${folder}/daemon.json`, "docker version");
  const loaded = await sandbox.run(`docker load --input ${archive}`);
  if (loaded.code !== 0) {
    throw new Error(`docker cannot load the image: ${loaded.stderr}`);
  }
}

function configuration(folder: string, { name, path }: RuntimeUnderTest): Record<string, unknown> {
  return {
    "cgroup-parent": CGROUP_PARENT,
    "data-root": join(folder, "docker"),
    "default-runtime": name,
    "exec-root": "/run/docker",
    hosts: ["unix:///run/docker.sock"],
    pidfile: "/run/dockerd.pid",
    // docker keeps the name "runc" for the one that it finds itself, which is the same executable.
    ...(name === "runc" ? {} : { runtimes: { [name]: { path } } }),
  };
}
