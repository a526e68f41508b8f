/** Start: the whole process time of `/bin/true` under landlockd, other sandboxes, and nothing. */
import { resolve } from "node:path";
import { type Contestant, measureProcesses, type Rounds } from "./lib/hyperfine.ts";
import { EMPTY_BUN, LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Bench, Result } from "./lib/result.ts";
import { buildPlanOnly } from "./plan-only.ts";

const TRUE = "/bin/true";
const MINIMAL = resolve("bench/policies/minimal.toml");
const EMPTY_BUN_NAME = "empty Bun executable";
const BWRAP = "bubblewrap";

const COLD = "landlockd, cold: minimal policy";
const WARM = "landlockd, ci-default";
const SUPERVISED = "landlockd, supervised";
const AUDIT = resolve("build/bench/audit.jsonl");
const minimal = [LANDLOCKD, "run", "--policy-file", MINIMAL, "--", TRUE];
const minimalCommand = `landlockd run --policy-file minimal.toml -- ${TRUE}`;

/** `/bin/true` asks the broker for nothing that is listed, `/bin/cat` for its file. */
const BROKERED = resolve("bench/policies/brokered.toml");
const ASKS = ["/bin/cat", "/etc/passwd"];
const brokered = (...argv: readonly string[]): string[] => [LANDLOCKD, "run", "--policy-file", BROKERED, "--", ...argv];
const brokeredCommand = (...argv: readonly string[]): string =>
  `landlockd run --policy-file brokered.toml -- ${argv.join(" ")}`;
/** Bun starts the run, as it does where there is no stored plan. */
const BY_BUN = ["/usr/bin/env", "LANDLOCKD_NO_FAST_PATH=1"];

const contestants = (): Contestant[] => [
  { name: "nothing", argv: [TRUE], command: TRUE },
  { name: "landlockd, minimal policy", argv: minimal, command: minimalCommand },
  { name: WARM, argv: [LANDLOCKD, "run", "--policy", "ci-default", "--", TRUE] },
  {
    name: "the plan of ci-default alone",
    argv: [buildPlanOnly("plan-only", ["--policy", "ci-default"]), TRUE],
    command: `plan-only ${TRUE}`,
  },
  { name: COLD, argv: minimal, command: minimalCommand, cold: true },
  {
    name: SUPERVISED,
    argv: [LANDLOCKD, "run", "--policy", "ci-default", "--audit", AUDIT, "--", TRUE],
    command: `landlockd run --policy ci-default --audit audit.jsonl -- ${TRUE}`,
  },
  { name: "landlockd, broker", argv: brokered(TRUE), command: brokeredCommand(TRUE) },
  { name: "landlockd, broker that is asked", argv: brokered(...ASKS), command: brokeredCommand(...ASKS) },
  {
    name: "landlockd, broker, started by Bun",
    argv: [...BY_BUN, ...brokered(TRUE)],
    command: `env LANDLOCKD_NO_FAST_PATH=1 ${brokeredCommand(TRUE)}`,
  },
  { name: EMPTY_BUN_NAME, argv: [EMPTY_BUN] },
  { name: BWRAP, argv: ["/usr/bin/bwrap", "--ro-bind", "/", "/", TRUE] },
  { name: "firejail", argv: ["/usr/bin/firejail", "--noprofile", "--quiet", TRUE] },
];

const FULL: Rounds = { rounds: 12, runs: 40, warmup: 3 };
const QUICK: Rounds = { rounds: 2, runs: 5, warmup: 1 };

export const start: Bench = {
  name: "start",
  run({ quick }): Result {
    const settings = quick ? QUICK : FULL;
    return {
      bench: "start",
      title: "Whole-process time of /bin/true",
      unit: "ms",
      machine: describeMachine(),
      versions: {
        landlockd: versionOf([LANDLOCKD, "--version"]),
        Bun: Bun.version,
        bubblewrap: versionOf(["bwrap", "--version"]),
        firejail: versionOf(["firejail", "--version"]),
        hyperfine: versionOf(["hyperfine", "--version"]),
      },
      settings: { ...settings },
      series: measureProcesses(contestants(), settings),
      versus: [
        { title: "÷ empty Bun", name: EMPTY_BUN_NAME },
        { title: "÷ bubblewrap", name: BWRAP },
      ],
      targets: [
        { name: WARM, versus: BWRAP, max: 0.35 },
        { name: SUPERVISED, versus: BWRAP, max: 0.5 },
        { name: COLD, versus: EMPTY_BUN_NAME, max: 1.8 },
      ],
    };
  },
};
