import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { asRoot, asUsers } from "../harness/cases.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv, runProcess } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { naiveArgv, runNaive } from "./naive.ts";
import { brokered, brokeredPrograms, prepare } from "./policies.ts";

/** The words that a probe saw, in their order. */
async function words(running: Promise<{ readonly stdout: string }>): Promise<string[]> {
  return (await running).stdout.trim().split("\n");
}

asUsers("callers that are killed in mid-request end nothing but themselves", async (box) => {
  const { listed } = prepare(box);
  const policy = brokered({ allow_read: [listed] });
  const argv = [probePath("race"), "killed", listed, "150"];
  // Who ends when an answer finds nobody leaves the others without a broker.
  expect(await words(runNaive(box, "survival", argv.with(3, "2000")))).toContain("ENOSYS");
  const result = await run(box, { policy, argv });
  expect([result.stdout, result.status]).toEqual(["listed\n", 0]);
});

asUsers("in a storm of processes that open and are killed, every other one gets its file", async (box) => {
  const { listed } = prepare(box);
  const policy = brokered({ allow_read: [listed] });
  const argv = [probePath("race"), "storm", listed, "600"];
  expect(await words(runNaive(box, "nothing", argv))).toEqual(["OK", "listed"]);
  expect(await words(run(box, { policy, argv }))).toEqual(["OK", "listed"]);
});

asUsers("what a signal interrupts is done once: never begun, answered by nobody, and begun again", async (box) => {
  const { scratch } = prepare(box);
  const argv = [probePath("race"), "once", scratch, "1000"];
  const fallen = await words(runNaive(box, "killable", argv.with(3, "20000")));
  expect(fallen.some((word) => word === "mkdirat EEXIST" || word === "unlinkat ENOENT")).toBe(true);
  box.remove("scratch/once");
  for (const running of [
    () => runNaive(box, "nothing", argv),
    () => run(box, { policy: brokered({ scratch: [scratch] }), argv }),
  ]) {
    expect(await words(running())).toEqual(["mkdirat OK", "unlinkat OK"]);
  }
});

/** For what is served at once: how long it may take on a machine that is busy with other things. */
const PATIENCE_S = "30";

/** A shell that may have so many fds and no more, and becomes what follows. */
const withFds = (count: number): string[] => ["/bin/sh", "-c", 'ulimit -n "$0"; exec "$@"', String(count)];

asUsers("a supervisor without room for many fds serves any number of requests", async (box) => {
  const { listed } = prepare(box);
  const argv = [probePath("race"), "hammer", listed, "1", "1000"];
  const prefix = withFds(64);
  const leaking = await words(runProcess(box, [...prefix, ...naiveArgv(box, "closing", argv)]));
  expect(Number(leaking[0])).toBeLessThan(64);
  expect(await words(runProcess(box, [...prefix, ...naiveArgv(box, "nothing", argv)]))).toEqual(["1000"]);
  expect(await words(run(box, { policy: brokered({ allow_read: [listed] }), argv, prefix }))).toEqual(["1000"]);
});

asUsers("a supervisor whose fds are used up fails calls, grants nothing for it, and recovers", async (box) => {
  const { listed, scratch } = prepare(box);
  Bun.spawnSync(["mkfifo", "-m", "666", `${scratch}/fifo`]);
  const policy = brokered({ allow_read: [listed], scratch: [scratch] });
  const argv = [probePath("race"), "waiting", `${scratch}/fifo`, listed, "100", PATIENCE_S];
  const result = await run(box, { policy, argv, prefix: withFds(64) });
  const [meanwhile = "", after] = result.stdout.split("after\n");
  // ENFILE: of those that would have had to wait. EACCES: what can't be looked at isn't granted.
  const seen = meanwhile.trim().split("\n");
  expect(seen).toContain("ENFILE");
  expect(seen.filter((word) => !["ENFILE", "EACCES", "listed"].includes(word))).toEqual([]);
  expect(after).toBe("listed\n");
});

asUsers("who waits for a FIFO holds up nobody else", async (box) => {
  const { listed, scratch } = prepare(box);
  Bun.spawnSync(["mkfifo", "-m", "666", `${scratch}/fifo`]);
  const policy = brokered({ allow_read: [listed], scratch: [scratch] });
  const argv = [probePath("race"), "waiting", `${scratch}/fifo`, listed, "3", PATIENCE_S];
  // It never comes back: the alarm interrupts the others, and somebody has to kill it.
  const bounded = ["timeout", "-s", "KILL", "4"];
  expect(await words(runProcess(box, [...bounded, ...naiveArgv(box, "helpers", argv.with(5, "1"))]))).toEqual([
    "EINTR",
    "after",
    "EINTR",
  ]);
  const all = ["listed", "after", "listed"];
  expect(await words(runNaive(box, "nothing", argv))).toEqual(all);
  expect(await words(run(box, { policy, argv }))).toEqual(all);
});

asUsers("a signal every millisecond interrupts no open that may be restarted", async (box) => {
  const { listed, scratch } = prepare(box);
  box.write("scratch/own", "own");
  for (const [path, word] of [
    [listed, "listed"],
    [`${scratch}/own`, "own"],
  ] as const) {
    const policy = brokered({ allow_read: [listed], scratch: [scratch] });
    const result = await run(box, { policy, argv: [probePath("race"), "signals", path, "3000"] });
    expect(result.stdout).toBe(`${word}\n`);
  }
});

asUsers("eight processes at once lose no request", async (box) => {
  const { listed } = prepare(box);
  const result = await run(box, {
    policy: brokered({ allow_read: [listed] }),
    argv: [probePath("race"), "hammer", listed, "8", "500"],
  });
  expect(result.stdout).toBe("4000\n");
});

asUsers("a caller without room for an fd gets EMFILE, as from the kernel", async (box) => {
  const { listed } = prepare(box);
  const argv = [probePath("race"), "full", listed];
  const outside = await runProcess(box, argv);
  expect(outside.stdout).toBe("EMFILE\nlisted\n");
  const inside = await run(box, { policy: brokered({ allow_read: [listed] }), argv });
  expect(inside.stdout).toBe(outside.stdout);
});

interface Held {
  readonly descriptors: number;
  readonly residentKb: number;
  readonly children: number;
}

/** What a process has by now. */
function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    residentKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
    children: readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").length,
  };
}

/** What JavaScript's heap goes up and down by. */
const BREATH_KB = 8 * 1024;

asRoot("a broker's descriptors and memory stay where they were", async (box) => {
  const { listed, scratch } = prepare(box);
  const policy = brokeredPrograms({ allow_read: [listed], scratch: [scratch] });
  const race = probePath("race");
  const script = [
    `cd ${scratch}; echo x > made`, // from here on Bun is there
    "while read round; do",
    `${race} hammer ${listed} 4 2500 2>/dev/null; ${race} killed ${listed} 20`,
    "i=0; while [ $i -lt 100 ]; do echo x > f$i; mv f$i g; mkdir d; rmdir d; i=$((i+1)); done; rm g",
    "mkfifo p; for i in 1 2 3 4 5; do (cat p) & sleep 0.05; kill -9 $!; done; wait; sleep 0.3; rm p",
    "echo done > done$round; done; exit 0",
  ].join("\n");
  const argv = runArgv(box, { policy, argv: ["/bin/bash", "-c", script] });
  const child = Bun.spawn(argv, { env: baseEnv(box), cwd: box.dir, stdin: "pipe", stdout: "ignore", stderr: "ignore" });
  await until("the supervisor", () => (existsSync(`${scratch}/made`) ? true : undefined));
  const after: Held[] = [];
  for (let round = 0; round < 4; round++) {
    child.stdin.write(`${round}\n`);
    await child.stdin.flush();
    await until("the work's end", () => (existsSync(`${scratch}/done${round}`) ? true : undefined), 60_000);
    const most = after[0]?.descriptors ?? Number.POSITIVE_INFINITY;
    // What a helper that was just killed had is given back when its end is seen.
    await until("descriptors to be given back", () => (heldBy(child.pid).descriptors <= most ? true : undefined));
    after.push(heldBy(child.pid));
  }
  await child.stdin.end();
  expect(await child.exited).toBe(0);
  const [first, ...rest] = after;
  for (const held of rest) {
    expect(held.descriptors).toBeLessThanOrEqual(first?.descriptors ?? 0);
    expect(held.children).toBe(1);
    expect(held.residentKb).toBeLessThan((first?.residentKb ?? 0) + BREATH_KB);
  }
});
