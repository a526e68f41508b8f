/** `landlockd run`: holds a command to a policy. */

import type { ArgsDef, CommandDef } from "citty";
import { EndedError, UsageError } from "../base/errors.ts";
import { withoutText } from "../compile/notes.ts";
import { startState } from "../native/start.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import type { Enforced, RunOptions } from "../run/options.ts";
import { run } from "../run/run.ts";
import type { Origin } from "../store/key.ts";
import { closedToRoot } from "../store/owner.ts";
import { type Parsed, parseFlags } from "./arguments.ts";
import type { PolicyText } from "./explain.ts";
import { hostFor } from "./host.ts";
import { exit, writeErr } from "./output.ts";
import { POLICY_FLAGS, policyOf, workingFolder } from "./policy.ts";
import { endAs, endKilled } from "./run-end.ts";

export const RUN_FLAGS: ArgsDef = {
  ...POLICY_FLAGS,
  plan: { type: "string", valueHint: "PLAN", description: "Instead of a policy, a plan file that compile made" },
  "dry-run": { type: "boolean", description: "Show what would be enforced, and run nothing" },
  "best-effort": { type: "boolean", description: "Run without what this host can't enforce, and say so" },
  socket: { type: "string", valueHint: "SOCKET", description: "Let the daemon that listens there hold the run" },
  audit: { type: "string", valueHint: "SINK", description: "Write audit events to a file, to fd:N, or to - (stderr)" },
};

/** The raw bytes of the command: argv as JavaScript sees it has lost what isn't UTF-8. */
function rawCommand(count: number): readonly Uint8Array[] {
  return startState().argv.slice(-count);
}

function commandOf(parsed: Parsed): number {
  if (parsed.positionals.length > 0 || parsed.command === undefined) {
    const [first] = parsed.positionals;
    const found = first === undefined ? "no command is given" : `unexpected argument ${JSON.stringify(first)}`;
    throw new UsageError(found, "the command goes after --: landlockd run --policy-file FILE -- COMMAND");
  }
  if (parsed.command.length === 0) throw new UsageError("no command is given after --");
  return parsed.command.length;
}

/** What a run is held to, and what it is called. */
export type Subject = Enforced & Pick<RunOptions, "policyFile" | "host" | "origin">;

/** Runs the command, and ends as it ended. */
async function runSubject(
  parsed: Parsed,
  count: number,
  subject: Subject,
  more: Pick<RunOptions, "partner" | "onDegraded" | "onWithout">,
): Promise<never> {
  const result = await run({
    ...subject,
    ...more,
    // Where the run ends plainly nobody asks for either.
    get start() {
      return startState();
    },
    get argv() {
      return rawCommand(count);
    },
    onWarning: (line) => writeErr(`landlockd: ${line}\n`),
    bestEffort: parsed.on("best-effort"),
    audit: parsed.value("audit"),
  });
  return await endAs(result);
}

async function runPlan(path: string, parsed: Parsed, count: number, dryRun: boolean): Promise<never> {
  if (dryRun) {
    const { showPlan } = await import("./dry-run-plan.ts");
    return exit(await showPlan(path, parsed));
  }
  const { planSubject } = await import("./planned.ts");
  const subject = await planSubject(path, parsed);
  for (const { kind, text } of subject.compiled?.plan.ops ?? []) {
    if (kind === "note") writeErr(`landlockd: ${text}\n`);
  }
  return runSubject(parsed, count, subject, {
    partner: undefined,
    onDegraded: () => Promise.resolve(), // a plan is enforced as a whole
    onWithout: () => {}, // said above
  });
}

async function runCommand(args: readonly string[]): Promise<never> {
  let policy: PolicyText | undefined;
  try {
    const parsed = parseFlags(args, RUN_FLAGS);
    const dryRun = parsed.on("dry-run");
    const count = dryRun && parsed.command === undefined ? 0 : commandOf(parsed);
    const plan = parsed.value("plan");
    if (plan !== undefined) return await runPlan(plan, parsed, count, dryRun);
    // A dry run asks as well: a daemon that chooses policies itself enforces its own, and nothing has run until it is told so.
    const socket = parsed.value("socket");
    const held = socket === undefined ? undefined : (await import("./held.ts")).heldRun(socket, parsed, count);
    const loaded: LoadedPolicy & { readonly origin?: Origin } =
      held === undefined ? await policyOf(parsed) : await held.load();
    policy = loaded;
    if (dryRun) {
      const { dryRun: show } = await import("./dry-run.ts");
      return exit(await show(loaded, parsed.on("best-effort")));
    }
    const host = await hostFor(loaded.policy);
    const closed = closedToRoot(loaded.policy, workingFolder(), host);
    if (closed !== undefined) writeErr(`landlockd: warning: ${closed.message}\n  hint: ${closed.hint}\n`);
    // Told whenever it is so: the front, which would run a stored plan, tells nothing.
    const origin = closed === undefined ? loaded.origin : undefined;
    const subject = { policy: loaded.policy, policyFile: loaded.file, host, origin };
    return await runSubject(parsed, count, subject, {
      partner: held?.ask,
      onDegraded: async (items) => {
        const { unsupportedLine } = await import("./explain.ts");
        const hint = "this run goes without it (best effort)";
        for (const item of items) writeErr(await unsupportedLine(item, loaded, hint));
      },
      onWithout: (items, abi) => writeErr(`landlockd: ${withoutText(items, abi)}\n`),
    });
  } catch (error) {
    const { explain } = await import("./explain.ts");
    const { statusOf } = await import("./run-status.ts");
    writeErr(await explain(error, policy));
    if (error instanceof EndedError) return endKilled();
    return exit(statusOf(error));
  }
}

export const command: CommandDef = {
  meta: { name: "run", description: "Run a command under a policy" },
  args: RUN_FLAGS,
  run: ({ rawArgs }) => runCommand(rawArgs),
};
