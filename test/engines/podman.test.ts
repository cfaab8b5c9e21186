import { describeEngine } from "../support/engine-suite.ts";
import type { Case } from "../support/engine-suite.ts";
import { podmanEngine } from "../support/podman-engine.ts";
import { commonCases, status } from "./common-cases.ts";

const STAGES = ["prestart", "createRuntime", "poststart", "poststop"];

function hook(stage: string): string {
  return JSON.stringify({
    version: "1.0.0",
    hook: { path: "/bin/sh", args: ["sh", "-c", `cat >/dev/null; echo ${stage} >>FOLDER/hooks.log`] },
    when: { always: true },
    stages: [stage],
  });
}

const cases: readonly Case[] = [
  {
    name: "run --preserve-fds hands open files over",
    steps: [
      {
        run: "echo kept >f; podman run --rm --preserve-fds 1 busybox:test cat /dev/fd/3 3<f",
        prints: "kept",
      },
    ],
  },
  {
    name: "running out of memory kills the container",
    steps: [{ run: "podman run --rm --memory 16m busybox:test tail /dev/zero", code: 137 }],
  },
  {
    name: "user namespaces map identities",
    steps: [
      {
        run: "podman run --rm --uidmap 0:100000:2000 --gidmap 0:200000:2000 busybox:test sh -c 'id -u; cat /proc/self/uid_map /proc/self/gid_map'",
        prints: /^0\n +0 +100000 +2000\n +0 +200000 +2000$/m,
      },
    ],
  },
  {
    name: "containers of a pod share its network and host name",
    steps: [
      {
        run: "podman pod create --name p1 --hostname poddy --infra-image busybox:test --infra-command 'sleep 100'",
      },
      { run: "podman run -d --pod p1 --name c1 busybox:test httpd -f -p 80 -h /var/www" },
      {
        run: "podman run --rm --pod p1 busybox:test sh -c 'hostname; wget -qO- http://127.0.0.1/'",
        prints: "poddy\nserved",
      },
      { run: `podman pod pause p1; ${status("podman")}; podman pod unpause p1`, prints: /^paused$/m },
      { run: "podman pod stop --time 0 p1; podman pod rm p1" },
    ],
  },
  {
    name: "the bridge network connects containers and publishes ports",
    steps: [
      { run: "podman run -d --name c1 --network podman -p 8080:80 busybox:test httpd -f -p 80 -h /var/www" },
      {
        run: "podman run --rm --network podman busybox:test wget -qO- http://$(podman inspect --format '{{.NetworkSettings.IPAddress}}' c1)/",
        prints: "served",
      },
      {
        run: "busybox wget -qO- http://$(podman inspect --format '{{.NetworkSettings.Gateway}}' c1):8080/",
        prints: "served",
      },
    ],
  },
  {
    name: "hooks run at their stages",
    steps: [
      {
        run: `mkdir hooks; ${STAGES.map((stage) => `echo '${hook(stage)}' | sed "s:FOLDER:$PWD:" >hooks/${stage}.json`).join("; ")}`,
      },
      { run: "podman --hooks-dir $PWD/hooks run --name c1 busybox:test true; podman rm c1" },
      { run: "cat hooks.log; rm -r hooks hooks.log", prints: STAGES.join("\n") },
    ],
  },
  {
    name: "init creates without starting, and rm removes what was never started",
    steps: [
      {
        run: `podman create --name c1 busybox:test sleep 100; podman init c1; ${status("podman")}`,
        prints: /^initialized$/m,
      },
      { run: `podman start c1; ${status("podman")}`, prints: "c1\nrunning" },
      {
        run: "podman create --name c2 busybox:test sleep 100; podman init c2; podman rm --force --time 0 c2",
      },
    ],
  },
  {
    name: "inspect names the runtime",
    steps: [
      {
        run: "podman run -d --name c1 busybox:test sleep 100; podman inspect --format '{{.OCIRuntime}}' c1",
        prints: /^(runc|crun|runhcs)$/m,
      },
      {
        run: "podman info --format '{{.Host.OCIRuntime.Version}}'",
        prints: /^(runc|crun|runhcs) version \d/,
      },
    ],
  },
  {
    name: "health checks tell healthy from unhealthy",
    steps: [
      {
        run: "podman run -d --name c1 --health-cmd 'test -e /tmp/well' --health-interval disable busybox:test sh -c 'touch /tmp/well; sleep 100'",
      },
      { run: "for i in $(seq 50); do podman healthcheck run c1 && exit; sleep 0.1; done; exit 1" },
      { run: "podman exec c1 rm /tmp/well; podman healthcheck run c1", code: 1 },
    ],
  },
  {
    name: "events name the stages of a container's life",
    steps: [
      { run: "podman run --name events busybox:test true; podman rm events" },
      {
        run: "podman events --stream=false --filter container=events --format '{{.Status}}' | grep -v -e attach -e cleanup | xargs",
        prints: "create init start died remove",
      },
    ],
  },
];

describeEngine(podmanEngine, [...commonCases("podman"), ...cases]);
