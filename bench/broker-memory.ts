/** The broker: what it has after a million opens that it had after ten thousand. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { makeStage, type Stage } from "./broker.ts";
import { buildCalls, CALLS } from "./broker-calls.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Bench, Result, Series } from "./lib/result.ts";

interface Held {
  readonly megabytes: number;
  readonly descriptors: number;
}

function heldBy(pid: number): Held {
  const resident = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { megabytes: Number(resident) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/** One run that opens its listed file so many times, then so many more: what landlockd has after each. */
async function measure(
  stage: Stage,
  env: Readonly<Record<string, string>>,
  counts: readonly number[],
): Promise<Held[]> {
  const script = counts.map((count) => `${CALLS} open ${stage.listed} ${count} >/dev/null; echo done; read next`);
  const argv = [LANDLOCKD, "run", "--policy-file", stage.lists, "--", "/bin/sh", "-c", script.join("; ")];
  const child = Bun.spawn(argv, { env: { ...process.env, ...env }, stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const held: Held[] = [];
  for (const _ of counts) {
    await reader.read();
    held.push(heldBy(child.pid));
    child.stdin.write("\n");
    await child.stdin.flush();
  }
  if ((await child.exited) !== 0) throw new Error("a run that opens its listed file failed");
  return held;
}

const WAYS: readonly (readonly [name: string, env: Readonly<Record<string, string>>])[] = [
  ["the front", {}],
  ["Bun", { LANDLOCKD_NO_FAST_PATH: "1" }],
];

/** @throws Error where a descriptor more is open: as root, who can count them. */
export const brokerMemory: Bench = {
  name: "broker-memory",
  async run({ quick }): Promise<Result> {
    buildCalls();
    const stage = makeStage();
    const counts = quick ? [1000, 10_000] : [10_000, 1_000_000];
    const series: Series[] = [];
    try {
      // The first run of the policy leaves its plan to the front.
      await measure(stage, {}, [1]);
      for (const [name, env] of WAYS) {
        const held = await measure(stage, env, counts);
        for (const [index, { megabytes, descriptors }] of held.entries()) {
          if (descriptors !== held[0]?.descriptors) throw new Error(`${name}: ${descriptors} descriptors`);
          const after = `${counts[index]?.toLocaleString("en")} brokered opens`;
          series.push({ name: `${name}, after ${after}`, command: "landlockd run … -- sh", rounds: [megabytes] });
        }
      }
    } finally {
      rmSync(stage.folder, { recursive: true });
    }
    return {
      bench: "broker-memory",
      title: "Memory of landlockd (resident), with as many descriptors before as after",
      unit: "MB",
      machine: describeMachine(),
      versions: { landlockd: versionOf([LANDLOCKD, "--version"]) },
      settings: { rounds: 1 },
      series,
      versus: [],
      targets: [],
    };
  },
};
