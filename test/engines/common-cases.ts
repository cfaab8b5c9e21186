import type { Case } from "../support/engine-suite.ts";

/** A client that takes docker's words. */
export type Client = "docker" | "podman";

/** A command that announces itself in the logs and answers SIGTERM with code 7. */
export const TRAPPER = `sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'`;

/** Shell text that waits until `c1` has announced itself. */
export const untilReady = (client: Client): string =>
  `for i in $(seq 50); do ${client} logs c1 | grep -q ready && break; sleep 0.1; done`;

/** Shell text that prints the status of `c1`. */
export const status = (client: Client): string => `${client} inspect --format '{{.State.Status}}' c1`;

// Prints limits of memory, processes and processor time from cgroups of either version.
const LIMITS =
  "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max pids/pids.max pids.max cpu/cpu.cfs_quota_us cpu.max 2>/dev/null; true";

// podman loses what a command writes to a terminal right before it ends.
const LINGER = "sleep 0.3";

const SECCOMP = JSON.stringify({
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO" }],
});

/** Everything that podman and docker are asked for in the same words. */
export function commonCases(client: Client): Case[] {
  return [
    ...running(client),
    ...confining(client),
    ...sharing(client),
    ...living(client),
    ...executing(client),
  ];
}

function running(client: Client): Case[] {
  const run = `${client} run --rm`;
  return [
    {
      name: "run prints what the command prints",
      steps: [{ run: `${run} busybox:test echo hello`, prints: "hello" }],
    },
    {
      name: "run keeps standard output and standard error apart",
      steps: [
        { run: `${run} busybox:test sh -c 'echo out; echo err >&2'`, prints: "out", complains: /^err$/m },
      ],
    },
    {
      name: "run ends with the code of the command",
      steps: [{ run: `${run} busybox:test sh -c 'exit 3'`, code: 3 }],
    },
    {
      name: "run ends with 128 + n when signal n ends the command",
      steps: [
        { run: `${run} --pid host busybox:test sh -c 'kill -TERM $$'`, code: 143 },
        { run: `${run} --pid host busybox:test sh -c 'kill -KILL $$'`, code: 137 },
      ],
    },
    {
      name: "run ends with 127 when the command is missing and 126 when it cannot be executed",
      steps: [
        { run: `${run} busybox:test /nonexistent`, code: 127 },
        { run: `${run} busybox:test nonexistent`, code: 127 },
        { run: `${run} busybox:test /etc/passwd`, code: 126 },
        { run: `${run} busybox:test /etc`, code: 126 },
        { run: `${run} --user alice busybox:test /root/private`, code: 126 },
      ],
    },
    {
      name: "run finds commands through links and from the working directory",
      steps: [
        { run: `${run} busybox:test /applets/echo found`, prints: "found" },
        { run: `${run} --env PATH=/none:/applets busybox:test echo found`, prints: "found" },
        { run: `${run} --workdir /bin busybox:test ./echo found`, prints: "found" },
        { run: `${run} busybox:test /root/private echo found`, prints: "found" },
      ],
    },
    {
      name: "run -i passes standard input on",
      steps: [{ run: `echo abc | ${run} -i busybox:test cat`, prints: "abc" }],
    },
    {
      name: "run passes megabytes in and out without loss",
      steps: [
        { run: `head -c 3000000 /dev/zero | ${run} -i busybox:test wc -c`, prints: "3000000" },
        { run: `${run} busybox:test head -c 3000000 /dev/zero | wc -c`, prints: "3000000" },
      ],
    },
    {
      name: "run -it gives the command a terminal",
      steps: [
        {
          run: `script -qec "${run} -it busybox:test sh -c 'test -t 0 && test -t 1 && tty; ${LINGER}'" /dev/null`,
          prints: /\/dev\/(pts\/0|console)/,
        },
        { run: `script -qec "${run} -it busybox:test sh -c 'exit 5'" /dev/null`, code: 5 },
      ],
    },
    {
      name: "containers start and end side by side",
      steps: [
        {
          run: `for i in 1 2 3 4 5; do ${run} busybox:test echo one & done; wait`,
          prints: "one\none\none\none\none",
        },
      ],
    },
  ];
}

function confining(client: Client): Case[] {
  const run = `${client} run --rm`;
  return [
    {
      name: "the root file system can be read-only",
      steps: [
        { run: `${run} --read-only busybox:test touch /etc/x`, code: 1, complains: /Read-only file system/ },
        { run: `${run} --read-only --tmpfs /tmp busybox:test touch /tmp/x` },
      ],
    },
    {
      name: "capabilities are dropped and added",
      steps: [
        { run: `${run} --cap-drop all busybox:test grep CapEff /proc/self/status`, prints: /\b0{16}\b/ },
        {
          run: `${run} --cap-drop all --cap-add chown busybox:test grep CapEff /proc/self/status`,
          prints: /\b0{15}1\b/,
        },
        { run: `${run} busybox:test hostname other`, code: 1, complains: /not permitted/ },
      ],
    },
    {
      name: "seccomp filters system calls",
      steps: [
        { run: `${run} busybox:test grep Seccomp: /proc/self/status`, prints: /2$/m },
        {
          run: `${run} --security-opt seccomp=unconfined busybox:test grep Seccomp: /proc/self/status`,
          prints: /0$/m,
        },
        { run: `echo '${SECCOMP}' >seccomp.json` },
        {
          run: `${run} --security-opt seccomp=seccomp.json busybox:test mkdir /x`,
          code: 1,
          complains: /not permitted/,
        },
      ],
    },
    {
      name: "no-new-privileges is set",
      steps: [
        {
          run: `${run} --security-opt no-new-privileges busybox:test grep NoNewPrivs /proc/self/status`,
          prints: /1$/m,
        },
      ],
    },
    {
      name: "the command runs as the user and groups asked for",
      steps: [
        {
          run: `${run} --user alice busybox:test id`,
          prints: "uid=1000(alice) gid=1000(alice) groups=29(audio),1000(alice)",
        },
        {
          run: `${run} --user 5:6 --group-add 7 busybox:test sh -c 'id -u; id -g; id -G'`,
          prints: "5\n6\n6 7",
        },
      ],
    },
    {
      name: "environment, working directory and host name are set",
      steps: [
        {
          run: `${run} --env A="b c" --workdir /var/www --hostname box busybox:test sh -c 'echo "$A"; pwd; hostname'`,
          prints: "b c\n/var/www\nbox",
        },
      ],
    },
    {
      name: "limits of memory, processors, processes and files are set",
      steps: [
        {
          run: `${run} --memory 64m --pids-limit 33 --cpus 0.5 --ulimit nproc=1024 --ulimit nofile=512 busybox:test sh -c '${LIMITS}; ulimit -n'`,
          prints: /^67108864\n33\n50000\b.*\n512$/m,
        },
      ],
    },
    {
      name: "kernel parameters and devices reach the container",
      steps: [
        {
          run: `${run} --sysctl net.ipv4.ip_forward=1 busybox:test cat /proc/sys/net/ipv4/ip_forward`,
          prints: "1",
        },
        {
          run: `${run} --device /dev/zero:/dev/nought busybox:test sh -c 'head -c 9 /dev/nought | wc -c'`,
          prints: "9",
        },
        {
          run: `${run} --cap-add MKNOD busybox:test sh -c 'mknod /k c 1 11; head -c 1 /k'`,
          code: 1,
          complains: /not permitted/,
        },
      ],
    },
  ];
}

function sharing(client: Client): Case[] {
  const run = `${client} run --rm`;
  return [
    {
      name: "volumes are mounted, read-only where asked",
      steps: [
        {
          run: `mkdir -p v; echo seen >v/f; ${run} -v $PWD/v:/v busybox:test sh -c 'cat /v/f; echo back >/v/g'; cat v/g`,
          prints: "seen\nback",
        },
        {
          run: `${run} -v $PWD/v:/v:ro busybox:test touch /v/h`,
          code: 1,
          complains: /Read-only file system/,
        },
        {
          run: `${run} --tmpfs /scratch:size=1m busybox:test grep ' /scratch ' /proc/mounts`,
          prints: /^tmpfs .*size=1024k/,
        },
      ],
    },
    {
      name: "the command may come from a volume",
      steps: [
        { run: "mkdir tools; cp /bin/busybox tools/echo; cp /bin/busybox tools/cat" },
        { run: `${run} -v $PWD/tools:/opt/tools busybox:test /opt/tools/echo found`, prints: "found" },
        {
          run: `${run} -v $PWD/tools/cat:/sbin/cat busybox:test /sbin/cat /var/www/index.html`,
          prints: "served",
        },
        {
          run: `${run} --env PATH=/none:/opt/tools -v $PWD/tools:/opt/tools busybox:test echo found; rm -r tools`,
          prints: "found",
        },
      ],
    },
    {
      name: "mounts made later pass through shared volumes both ways",
      steps: [
        { run: "mkdir s; mount -t tmpfs s s; mount --make-shared s; mkdir s/in s/out" },
        { run: `${client} run -d --name c1 -v $PWD/s:/s:rslave busybox:test sleep 100` },
        {
          run: `mount -t tmpfs t s/out; echo given >s/out/f; ${client} exec c1 cat /s/out/f; umount s/out`,
          prints: "given",
        },
        {
          run: `${run} --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined -v $PWD/s:/s:rshared busybox:test sh -c 'mount -t tmpfs t /s/in && echo made >/s/in/f'`,
        },
        { run: "cat s/in/f; umount -R s; rmdir s", prints: "made" },
      ],
    },
    {
      name: "containers share the namespaces of another",
      steps: [
        { run: `${client} run -d --name c1 --ipc shareable busybox:test sleep 100` },
        {
          run: `${run} --network container:c1 --pid container:c1 --ipc container:c1 busybox:test ps`,
          prints: /sleep 100/,
        },
        {
          run: `test $(${client} exec c1 readlink /proc/1/ns/net) = $(${run} --network container:c1 busybox:test readlink /proc/self/ns/net)`,
        },
      ],
    },
  ];
}

function living(client: Client): Case[] {
  const start = { run: `${client} run -d --name c1 busybox:test ${TRAPPER}` };
  const ready = { run: untilReady(client) };
  const pid = `$(${client} inspect --format '{{.State.Pid}}' c1)`;
  return [
    {
      name: "create, start and wait go step by step",
      steps: [
        { run: `${client} create --name c1 busybox:test sh -c 'echo hi; exit 4'`, prints: /^[0-9a-f]{64}$/m },
        { run: `${client} start --attach c1`, prints: "hi", code: 4 },
        { run: `${client} wait c1`, prints: "4" },
        { run: `${client} start --attach c1`, prints: "hi", code: 4 },
      ],
    },
    {
      name: "no process of the runtime stays beside a running container",
      steps: [
        start,
        ready,
        { run: "ps -e -o comm= | grep -E '^(runhcs|runc|crun|node)$'", code: 1, prints: "" },
      ],
    },
    {
      name: "ps, inspect and logs tell of a running container",
      steps: [
        start,
        ready,
        { run: `${client} logs c1`, prints: "ready" },
        { run: `${client} ps --format '{{.Names}} {{.Status}}'`, prints: /^c1 Up/ },
        { run: `${status(client)}; kill -0 ${pid}`, prints: "running" },
      ],
    },
    { name: "top lists the processes", steps: [start, { run: `${client} top c1`, prints: /sh -c trap/ }] },
    {
      name: "stats counts memory and processes",
      steps: [
        start,
        {
          run: `${client} stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' c1`,
          prints: /^c1 [12] [1-9][0-9.]*[kKMi]*B \//,
        },
      ],
    },
    {
      name: "pause stops and unpause continues all processes",
      steps: [
        start,
        { run: `${client} pause c1; ${status(client)}`, prints: "c1\npaused" },
        { run: `! ${client} exec c1 true` },
        { run: `${client} unpause c1; ${status(client)}`, prints: "c1\nrunning" },
        { run: `${client} exec c1 echo alive`, prints: "alive" },
        { run: `${client} pause c1; ${client} rm --force c1` },
      ],
    },
    {
      name: "update changes limits while running",
      steps: [
        start,
        { run: `${client} update --memory 64m --memory-swap 64m --cpu-quota 25000 c1` },
        { run: `${client} exec c1 sh -c '${LIMITS}'`, prints: /^67108864\n(.+\n)?25000\b/ },
      ],
    },
    {
      name: "stop lets the command answer the signal",
      steps: [
        start,
        ready,
        {
          run: `${client} stop --time 10 c1; ${client} inspect --format '{{.State.ExitCode}}' c1`,
          prints: "c1\n7",
        },
        { run: status(client), prints: "exited" },
        { run: `! ${client} exec c1 true` },
      ],
    },
    {
      name: "stop kills what does not answer in time",
      steps: [
        { run: `${client} run -d --name c1 busybox:test sleep 100` },
        {
          run: `${client} stop --time 1 c1; ${client} inspect --format '{{.State.ExitCode}}' c1`,
          prints: "c1\n137",
        },
      ],
    },
    {
      name: "kill sends any signal and wait returns the code",
      steps: [
        {
          run: `${client} run -d --name c1 busybox:test sh -c 'trap "exit 8" USR1; echo ready; while :; do sleep 0.1; done'`,
        },
        ready,
        { run: `${client} kill --signal USR1 c1; ${client} wait c1`, prints: "c1\n8" },
        {
          run: `${client} start c1; ${client} kill --signal KILL c1; ${client} wait c1`,
          prints: "c1\nc1\n137",
        },
        { run: `! ${client} kill c1` },
      ],
    },
    {
      name: "an init killed from outside is noticed",
      steps: [
        start,
        { run: `kill -KILL ${pid}; ${client} wait c1`, prints: "137" },
        { run: `${client} rm c1` },
      ],
    },
    {
      name: "restart ends the command and starts it anew",
      steps: [
        start,
        ready,
        { run: `before=${pid}; ${client} restart --time 5 c1; test $before != ${pid}` },
        { run: status(client), prints: "running" },
      ],
    },
    {
      name: "rm --force removes a running container",
      steps: [start, { run: `${client} rm --force c1; ${client} ps --all --quiet`, prints: "c1" }],
    },
    {
      name: "cp copies in and out of a running container",
      steps: [
        start,
        { run: `echo copied >f; ${client} cp f c1:/etc/f; ${client} exec c1 cat /etc/f`, prints: /copied$/m },
        { run: `${client} cp c1:/etc/group g; head -n 1 g`, prints: /root:x:0:$/m },
      ],
    },
  ];
}

function executing(client: Client): Case[] {
  const start = { run: `${client} run -d --name c1 busybox:test sleep 100` };
  const missing = client === "podman" ? 127 : 126; // docker's `exec` has one code for both
  return [
    {
      name: "exec runs commands with input, user, environment and folder",
      steps: [
        start,
        { run: `${client} exec c1 echo more`, prints: "more" },
        { run: `echo abc | ${client} exec -i c1 cat`, prints: "abc" },
        {
          run: `${client} exec --user alice --env A=b --workdir /tmp c1 sh -c 'id -un; echo $A; pwd'`,
          prints: "alice\nb\n/tmp",
        },
        { run: `head -c 3000000 /dev/zero | ${client} exec -i c1 wc -c`, prints: "3000000" },
      ],
    },
    {
      name: "exec ends with the code of its command",
      steps: [
        start,
        { run: `${client} exec c1 sh -c 'exit 9'`, code: 9 },
        { run: `${client} exec c1 sh -c 'kill -TERM $$'`, code: 143 },
        { run: `${client} exec c1 sh -c 'kill -KILL $$'`, code: 137 },
      ],
    },
    {
      name: "exec tells a missing command from one that cannot be executed",
      steps: [
        start,
        { run: `${client} exec c1 /nonexistent`, code: missing },
        { run: `${client} exec c1 nonexistent`, code: missing },
        { run: `${client} exec c1 /etc/passwd`, code: 126 },
        { run: `${client} exec c1 echo alive`, prints: "alive" },
      ],
    },
    {
      name: "exec -it gives a terminal",
      steps: [
        start,
        {
          run: `script -qec "${client} exec -it c1 sh -c 'test -t 0 && test -t 1 && echo terminal; ${LINGER}; exit 6'" /dev/null`,
          prints: /terminal\r?$/m,
          code: 6,
        },
      ],
    },
    {
      name: "exec -d leaves its command running",
      steps: [
        start,
        { run: `${client} exec -d c1 sh -c 'echo from-exec >/tmp/f; exec sleep 50'` },
        {
          run: `for i in $(seq 50); do ${client} exec c1 cat /tmp/f && break; sleep 0.1; done`,
          prints: /from-exec$/m,
        },
        { run: `${client} top c1`, prints: /sleep 50/ },
      ],
    },
  ];
}
