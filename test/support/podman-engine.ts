import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canOverlay, writeClient } from "./engine-suite.ts";
import type { Engine, RuntimeUnderTest } from "./engine-suite.ts";
import type { Sandbox } from "./sandbox.ts";

/** podman with storage, configuration and networks of its own; it has no daemon. */
export const podmanEngine: Engine = {
  name: "podman",
  start,
  clean: "podman pod rm --all --force; podman rm --all --force --time 0",
  // podman keeps its folder of network namespaces mounted, which can be undone only when it is empty.
  stop: "podman network prune --force >/dev/null; if mountpoint -q /run/netns; then umount /run/netns; fi",
  cgroups: "podman events --stream=false --filter event=create --format '*/libpod-{{.ID}}*' | sort -u",
  cgroupParents: `
    podman events --stream=false --filter type=pod --format '*/{{.ID}}' | sort -u
    echo '*/libpod_parent/conmon'; echo '*/libpod_parent'`,
  stateRoot: ({ name }) => `/run/${name}`, // podman names none, so this is the default of each
};

async function start(sandbox: Sandbox, runtime: RuntimeUnderTest, archive: string): Promise<void> {
  const { folder } = sandbox;
  await writeFile(join(folder, "containers.conf"), configuration(folder, runtime));
  await writeFile(join(folder, "policy.json"), '{ "default": [{ "type": "insecureAcceptAnything" }] }');
  const driver = (await canOverlay(sandbox)) ? "overlay" : "vfs";
  const places = `--root ${folder}/store --runroot /run/podman --tmpdir /run/libpod --storage-driver ${driver}`;
  await writeClient(
    sandbox,
    "podman",
    `env CONTAINERS_CONF=${folder}/containers.conf /usr/bin/podman ${places}`,
  );
  const loaded = await sandbox.run(`podman load --signature-policy policy.json --input ${archive}`);
  if (loaded.code !== 0) {
    throw new Error(`podman cannot load the image: ${loaded.stderr}`);
  }
}

// podman asks for 1048576 open files by default, more than a machine may allow a container to have.
function configuration(folder: string, runtime: RuntimeUnderTest): string {
  return `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "${runtime.name}"
[engine.runtimes]
${runtime.name} = ["${runtime.path}"]
[network]
network_backend = "netavark"
network_config_dir = "${folder}/networks"
`;
}
