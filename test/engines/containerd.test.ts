import { IMAGE } from "../support/busybox-image.ts";
import { containerdEngine } from "../support/containerd-engine.ts";
import { describeEngine } from "../support/engine-suite.ts";
import type { Case } from "../support/engine-suite.ts";

// ctr loses an end of input that comes before the task runs.
const typed = (text: string): string => `(echo ${text}; sleep 1)`;

const TRAPPER = `sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done'`;
const START = { run: `ctr-run -d ${IMAGE} c1 ${TRAPPER}; sleep 0.2` };
const STATUS = "ctr task ls | awk '$1 == \"c1\" { print $3 }'";
const stopped = `for i in $(seq 50); do ${STATUS} | grep -q STOPPED && break; sleep 0.1; done`;

const SECCOMP = JSON.stringify({
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO" }],
});

const running: readonly Case[] = [
  {
    name: "run prints what the command prints",
    steps: [{ run: `ctr-run --rm ${IMAGE} c1 echo hello`, prints: "hello" }],
  },
  {
    name: "run keeps standard output and standard error apart",
    steps: [
      { run: `ctr-run --rm ${IMAGE} c1 sh -c 'echo out; echo err >&2'`, prints: "out", complains: /^err$/m },
    ],
  },
  {
    name: "run ends with the code of the command",
    steps: [{ run: `ctr-run --rm ${IMAGE} c1 sh -c 'exit 3'`, code: 3 }],
  },
  {
    name: "run ends with 128 + n when signal n ends the command",
    steps: [
      { run: `ctr-run --rm --with-ns pid:/proc/1/ns/pid ${IMAGE} c1 sh -c 'kill -TERM $$'`, code: 143 },
      { run: `ctr-run --rm --with-ns pid:/proc/1/ns/pid ${IMAGE} c1 sh -c 'kill -KILL $$'`, code: 137 },
    ],
  },
  {
    name: "run says why a command cannot be executed",
    steps: [
      {
        run: `ctr-run --rm ${IMAGE} c1 /nonexistent`,
        code: 1,
        complains: /\/nonexistent.*no such file or directory/,
      },
      {
        run: `ctr-run --rm ${IMAGE} c1 nonexistent`,
        code: 1,
        complains: /nonexistent.*executable file not found/,
      },
      { run: `ctr-run --rm ${IMAGE} c1 /etc/passwd`, code: 1, complains: /\/etc\/passwd.*permission denied/ },
    ],
  },
  {
    name: "run passes standard input on",
    steps: [{ run: `${typed("abc")} | ctr-run --rm ${IMAGE} c1 cat`, prints: "abc" }],
  },
  {
    name: "run passes megabytes out without loss",
    steps: [{ run: `ctr-run --rm ${IMAGE} c1 head -c 3000000 /dev/zero | wc -c`, prints: "3000000" }],
  },
  {
    name: "run -t gives the command a terminal",
    steps: [
      {
        run: `script -qec "ctr-run --rm -t ${IMAGE} c1 sh -c 'test -t 0 && test -t 1 && tty; exit 5'" /dev/null`,
        prints: /\/dev\/(pts\/0|console)/,
        code: 5,
      },
    ],
  },
  {
    name: "containers start and end side by side",
    steps: [
      {
        run: `for i in 1 2 3 4 5; do ctr-run --rm ${IMAGE} c$i echo one & done; wait`,
        prints: "one\none\none\none\none",
      },
    ],
  },
];

const confining: readonly Case[] = [
  {
    name: "the root file system can be read-only",
    steps: [
      { run: `ctr-run --rm --read-only ${IMAGE} c1 touch /x`, code: 1, complains: /Read-only file system/ },
    ],
  },
  {
    name: "capabilities are dropped",
    steps: [
      { run: `ctr-run --rm ${IMAGE} c1 chown alice /etc/passwd` },
      {
        run: `ctr-run --rm --cap-drop CAP_CHOWN ${IMAGE} c1 chown alice /etc/passwd`,
        code: 1,
        complains: /not permitted/,
      },
      {
        run: `ctr-run --rm --cap-add CAP_SYS_TIME ${IMAGE} c1 grep CapEff /proc/self/status`,
        prints: /\b00000000aa0425fb\b/,
      },
    ],
  },
  {
    name: "seccomp filters system calls",
    steps: [
      { run: `ctr-run --rm ${IMAGE} c1 grep Seccomp: /proc/self/status`, prints: /0$/m },
      { run: `ctr-run --rm --seccomp ${IMAGE} c1 grep Seccomp: /proc/self/status`, prints: /2$/m },
      { run: `echo '${SECCOMP}' >seccomp.json` },
      {
        run: `ctr-run --rm --seccomp --seccomp-profile seccomp.json ${IMAGE} c1 mkdir /x`,
        code: 1,
        complains: /not permitted/,
      },
    ],
  },
  {
    name: "privileged containers run",
    steps: [{ run: `ctr-run --rm --privileged ${IMAGE} c1 hostname other` }],
  },
  {
    name: "environment and working directory are set",
    steps: [
      {
        run: `ctr-run --rm --env "A=b c" --cwd /var/www ${IMAGE} c1 sh -c 'echo "$A"; pwd'`,
        prints: "b c\n/var/www",
      },
    ],
  },
  {
    name: "limits of memory and processor time are set",
    steps: [
      {
        run: `ctr-run -d --memory-limit 67108864 --cpus 0.5 ${IMAGE} c1 sleep 100
          for file in memory.limit_in_bytes memory.max cpu.cfs_quota_us cpu.max; do
            find /sys/fs/cgroup -path "*/runhcs-*/c1/$file" -exec cat {} +
          done`,
        prints: /^67108864\n50000\b/,
      },
    ],
  },
  {
    name: "running out of memory kills the container and is reported",
    steps: [
      {
        run: `ctr events >events.log & watch=$!; sleep 0.3; ctr-run --rm --memory-limit 16000000 ${IMAGE} c1 tail /dev/zero; code=$?; sleep 0.3; kill $watch; exit $code`,
        code: 137,
      },
      {
        run: "grep -o '/tasks/[a-z]*' events.log | uniq | xargs",
        prints: "/tasks/create /tasks/start /tasks/oom /tasks/exit /tasks/delete",
      },
    ],
  },
  {
    name: "volumes are mounted, read-only where asked",
    steps: [
      {
        run: `mkdir -p v; echo seen >v/f; ctr-run --rm --mount type=bind,src=$PWD/v,dst=/v,options=rbind:rw ${IMAGE} c1 sh -c 'cat /v/f; echo back >/v/g'; cat v/g`,
        prints: "seen\nback",
      },
      {
        run: `ctr-run --rm --mount type=bind,src=$PWD/v,dst=/v,options=rbind:ro ${IMAGE} c1 touch /v/h`,
        code: 1,
        complains: /Read-only file system/,
      },
    ],
  },
  {
    name: "containers join the namespaces of others",
    steps: [
      { run: `ctr-run --rm --net-host ${IMAGE} c1 readlink /proc/self/ns/net`, prints: /^net:/ },
      START,
      {
        run: `pid=$(ctr task ls | awk '$1 == "c1" { print $2 }'); ctr-run --rm --with-ns network:/proc/$pid/ns/net --with-ns pid:/proc/$pid/ns/pid ${IMAGE} c2 ps`,
        prints: /sh -c trap/,
      },
    ],
  },
];

const living: readonly Case[] = [
  {
    name: "no process of the runtime stays beside a running container",
    steps: [START, { run: "ps -e -o comm= | grep -E '^(runhcs|runc|crun|node)$'", code: 1, prints: "" }],
  },
  {
    name: "task ls, ps and metrics tell of a running container",
    steps: [
      START,
      { run: STATUS, prints: "RUNNING" },
      { run: `ctr task ps c1 | grep -w $(ctr task ls | awk '$1 == "c1" { print $2 }')`, prints: /\d/ },
      { run: "ctr task metrics c1", prints: /^memory\.usage(_in_bytes)? +[1-9]/m },
    ],
  },
  {
    name: "exec runs commands with input, user and folder, and ends with their code",
    steps: [
      START,
      { run: "ctr task exec --exec-id x1 c1 echo more", prints: "more" },
      { run: `${typed("abc")} | ctr task exec --exec-id x2 c1 cat`, prints: "abc" },
      {
        run: "ctr task exec --exec-id x3 --user 1000 --cwd /tmp c1 sh -c 'id -u; pwd'",
        prints: "1000\n/tmp",
      },
      { run: "ctr task exec --exec-id x4 c1 sh -c 'exit 9'", code: 9 },
      { run: "ctr task exec --exec-id x5 c1 sh -c 'kill -KILL $$'", code: 137 },
      { run: "ctr task exec --exec-id x6 c1 /nonexistent", code: 1, complains: /no such file or directory/ },
      { run: "ctr task exec --exec-id x7 c1 nonexistent", code: 1, complains: /executable file not found/ },
      { run: "ctr task exec --exec-id x8 c1 head -c 3000000 /dev/zero | wc -c", prints: "3000000" },
    ],
  },
  {
    name: "exec -t gives a terminal",
    steps: [
      START,
      {
        run: `script -qec "ctr task exec -t --exec-id x1 c1 sh -c 'test -t 0 && test -t 1 && echo terminal; exit 6'" /dev/null`,
        prints: /terminal\r?$/m,
        code: 6,
      },
    ],
  },
  {
    name: "exec -d leaves its command running, and kill reaches it alone",
    steps: [
      START,
      { run: "ctr task exec -d --exec-id x1 c1 sleep 50" },
      { run: "ps -e -o args= | grep -x 'sleep 50'", prints: "sleep 50" },
      {
        run: "ctr task kill --exec-id x1 -s KILL c1; sleep 0.3; ps -e -o args= | grep -x 'sleep 50'",
        code: 1,
      },
      { run: STATUS, prints: "RUNNING" },
    ],
  },
  {
    name: "pause stops and resume continues all processes",
    steps: [
      START,
      { run: `ctr task pause c1; ${STATUS}`, prints: "PAUSED" },
      { run: "ctr task exec --exec-id x1 c1 true", code: 1 },
      { run: `ctr task resume c1; ${STATUS}`, prints: "RUNNING" },
      { run: "ctr task exec --exec-id x2 c1 echo alive", prints: "alive" },
    ],
  },
  {
    name: "kill lets the command answer the signal, and the task can be started again",
    steps: [
      START,
      { run: `ctr task kill -s TERM c1; ${stopped}; ctr task delete c1`, complains: /exit code 7\b/ },
      { run: "ctr task start -d c1" },
      { run: `ctr task kill -s KILL c1; ${stopped}; ctr task delete c1`, complains: /exit code 137\b/ },
      { run: "ctr c rm c1; ctr c ls -q", prints: "" },
    ],
  },
  {
    name: "kill of a stopped task fails",
    steps: [
      START,
      {
        run: `ctr task kill -s KILL c1; ${stopped}; ctr task kill c1`,
        code: 1,
        complains: /process already finished|not found/,
      },
    ],
  },
  {
    name: "kill --all ends every process of the container",
    steps: [
      START,
      { run: "ctr task exec -d --exec-id x1 c1 sleep 50" },
      { run: `ctr task kill --all -s KILL c1; ${stopped}; ps -e -o args= | grep -x 'sleep 50'`, code: 1 },
    ],
  },
  {
    name: "an init killed from outside is noticed",
    steps: [
      START,
      {
        run: `kill -KILL $(ctr task ls | awk '$1 == "c1" { print $2 }'); ${stopped}; ctr task delete c1`,
        complains: /exit code 137\b/,
      },
    ],
  },
  {
    name: "rm --force removes a running task",
    steps: [START, { run: "ctr task rm --force c1; ctr c rm c1; ctr c ls -q", prints: "" }],
  },
];

describeEngine(containerdEngine, [...running, ...confining, ...living]);
