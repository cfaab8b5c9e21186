import { describeEngine } from "../support/engine-suite.ts";
import type { Case } from "../support/engine-suite.ts";
import { dockerEngine } from "../support/docker-engine.ts";
import { commonCases } from "./common-cases.ts";

const HEALTH = "docker inspect --format '{{.State.Health.Status}}' c1";

const cases: readonly Case[] = [
  {
    name: "running out of memory kills the container and is reported",
    steps: [
      { run: "docker run --name c1 --memory 16m busybox:test tail /dev/zero", code: 137 },
      { run: "docker inspect --format '{{.State.OOMKilled}}' c1", prints: "true" },
    ],
  },
  {
    name: "run --init puts a small init in front of the command",
    steps: [{ run: "docker run --rm --init busybox:test ps -o pid,args", prints: /^ +1 .*docker-init/m }],
  },
  {
    name: "the bridge network connects containers and publishes ports",
    steps: [
      { run: "docker run -d --name c1 --network bridge -p 8080:80 busybox:test httpd -f -p 80 -h /var/www" },
      {
        run: "docker run --rm --network bridge busybox:test wget -qO- http://$(docker inspect --format '{{.NetworkSettings.IPAddress}}' c1)/",
        prints: "served",
      },
      {
        run: "busybox wget -qO- http://$(docker inspect --format '{{.NetworkSettings.Gateway}}' c1):8080/",
        prints: "served",
      },
      { run: "busybox wget -qO- http://127.0.0.1:8080/", prints: "served" },
    ],
  },
  {
    name: "networks of one's own resolve the names of their containers",
    steps: [
      {
        run: "docker network create n1; docker run -d --name c1 --network n1 busybox:test httpd -f -p 80 -h /var/www",
      },
      { run: "docker run --rm --network n1 busybox:test wget -qO- http://c1/", prints: "served" },
      { run: "docker rm --force c1; docker network rm n1" },
    ],
  },
  {
    name: "inspect and info name the runtime",
    steps: [
      {
        run: "docker run -d --name c1 busybox:test sleep 100; test $(docker inspect --format '{{.HostConfig.Runtime}}' c1) = $(docker info --format '{{.DefaultRuntime}}')",
      },
    ],
  },
  {
    name: "a restart policy starts a failed container again",
    steps: [
      { run: "docker run -d --name c1 --restart on-failure:2 busybox:test sh -c 'sleep 0.2; exit 3'" },
      {
        run: "for i in $(seq 100); do test \"$(docker inspect --format '{{.RestartCount}} {{.State.Status}}' c1)\" = '2 exited' && exit; sleep 0.1; done; exit 1",
      },
    ],
  },
  {
    name: "health checks tell healthy from unhealthy",
    steps: [
      {
        run: "docker run -d --name c1 --health-cmd 'test -e /tmp/well' --health-interval 300ms --health-retries 1 busybox:test sh -c 'touch /tmp/well; sleep 100'",
      },
      { run: `for i in $(seq 50); do ${HEALTH} | grep -qw healthy && exit; sleep 0.1; done; exit 1` },
      {
        run: `docker exec c1 rm /tmp/well; for i in $(seq 50); do ${HEALTH} | grep -q unhealthy && exit; sleep 0.1; done; exit 1`,
      },
    ],
  },
  {
    name: "events name the stages of a container's life",
    steps: [
      { run: "docker run --name events --memory 16m busybox:test tail /dev/zero; docker rm events" },
      {
        run: "docker events --since 1h --until $(date +%s.%N) --filter container=events --format '{{.Action}}' | grep -v attach | uniq | xargs",
        prints: "create start oom die destroy",
      },
    ],
  },
];

describeEngine(dockerEngine, [...commonCases("docker"), ...cases]);
