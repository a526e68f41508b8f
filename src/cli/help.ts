/** Help that teaches: what each command is for, its options, an example. */

import type { ArgDef, CommandDef } from "citty";
import { paintFor } from "./colors.ts";

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  run: [
    "landlockd run --policy ci-default -- make test",
    "landlockd run --policy-file build.toml --set OUT=/srv/out --audit audit.jsonl -- ./build.sh",
    "landlockd run --policy-file build.toml --dry-run",
    "landlockd run --plan build.plan -- make test",
  ],
  compile: [
    "landlockd compile --policy-file build.toml -o build.plan",
    "landlockd compile --policy ci-default --set CWD=/src --set HOME=/home/ci --set TMPDIR=/tmp -o /etc/landlockd/ci.plan",
  ],
  lint: [
    "landlockd lint policies/*.toml",
    "landlockd lint --format sarif build.toml > landlockd.sarif",
    "generate | landlockd lint -",
  ],
  show: ["landlockd show --policy ci-default > mine.toml", "landlockd show --policy-file build.toml"],
  serve: [
    "landlockd serve --socket $XDG_RUNTIME_DIR/landlockd/socket",
    "landlockd serve --socket /run/ci/landlockd/socket --policy-dir /etc/landlockd/policies --audit /var/log/landlockd.jsonl",
  ],
  status: ["landlockd status --socket $XDG_RUNTIME_DIR/landlockd/socket", "landlockd status --socket SOCKET --json"],
  stop: ["landlockd stop --socket SOCKET", "landlockd stop --socket SOCKET --now"],
  doctor: ["landlockd doctor", "landlockd doctor --json"],
  schema: ["landlockd schema > landlockd.schema.json"],
};

const USAGE: Readonly<Record<string, string>> = {
  run: "landlockd run (--policy-file FILE | --policy NAME | --plan PLAN) [OPTION]... -- COMMAND [ARGUMENT]...",
  compile: "landlockd compile (--policy-file FILE | --policy NAME) [--set NAME=VALUE]... [-o PLAN]",
  lint: "landlockd lint [OPTION]... [FILE]...",
  show: "landlockd show (--policy-file FILE | --policy NAME)",
  serve: "landlockd serve (--socket SOCKET | --systemd) [OPTION]...",
  status: "landlockd status --socket SOCKET [--json]",
  stop: "landlockd stop --socket SOCKET [--now]",
  doctor: "landlockd doctor [--json]",
  schema: "landlockd schema",
};

const AFTER: Readonly<Record<string, string>> = {
  run: `Exit status: the command's own; if a signal ended it, landlockd ends by the same signal.
125 landlockd itself failed before the command ran, 126 the command can't be executed, 127 it wasn't found.

Policies by name are looked for in LANDLOCKD_POLICY_PATH, ~/.config/landlockd/policies,
/usr/local/share/landlockd/policies, /etc/landlockd/policies, then among those built in, then where make install
puts them: ~/.local/share/landlockd/policies, /usr/share/landlockd/policies.`,
  serve: `The daemon compiles policies once and answers the brokers of many runs; each client starts and supervises its own
run, which so is the run that it would be without a daemon. SIGTERM: no new runs, and an end when the last is over; a
second one ends them. A peer that is itself in a sandbox is refused.`,
  compile: `A plan file holds what run makes of a policy, for images that start many runs: run takes it in place of the policy.
Variables have the values of now. It serves this build of landlockd only, on hosts that enforce all of it. A policy
with lists of [broker] can't be compiled to one.

Exit status: 0 made, 1 not from this policy or not on this host, 2 it could not be used as asked.`,
  show: `The text is the one that run would take for that name or file: as it was written, comments and all. It isn't checked;
lint does that, and a dry run shows what becomes of it.

Exit status: 0 shown, 2 there is no such policy, or it can't be read.`,
  stop: "Returns when the daemon has stopped. Exit status: 0 stopped, 2 it could not be reached.",
  lint: "Exit status: 0 no errors, 1 errors (--strict: warnings too), 2 it could not be used as asked.",
};

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

function flagRow([name, flag]: [string, ArgDef]): readonly [string, string] {
  const alias = "alias" in flag && typeof flag.alias === "string" ? `-${flag.alias}, ` : "";
  const value = flag.type === "string" || flag.type === "enum" ? ` ${flag.valueHint ?? "VALUE"}` : "";
  return [`${alias}--${name}${value}`, flag.description ?? ""];
}

function resolved<T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): T | Promise<T> | undefined {
  return typeof value === "function" ? (value as () => T | Promise<T>)() : value;
}

/** The help of one command. */
export async function commandHelp(command: CommandDef): Promise<string> {
  const paint = await paintFor(1);
  const meta = (await resolved(command.meta)) ?? {};
  const name = meta.name ?? "";
  const flags = Object.entries((await resolved(command.args)) ?? {}).filter(([, flag]) => flag.type !== "positional");
  const rows = [...flags.map(flagRow), ["--help", "Show this help"] as const];
  const parts = [
    `${meta.description}.`,
    `${paint.bold("Usage:")} ${USAGE[name] ?? `landlockd ${name}`}`,
    `${paint.bold("Options:")}\n${columns(rows)}`,
    `${paint.bold("Examples:")}\n${(EXAMPLES[name] ?? []).map((each) => `  ${each}`).join("\n")}`,
    ...(AFTER[name] === undefined ? [] : [AFTER[name]]),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The help of landlockd as a whole. */
export async function mainHelp(commands: Readonly<Record<string, () => Promise<CommandDef>>>): Promise<string> {
  const paint = await paintFor(1);
  const rows: (readonly [string, string])[] = [];
  for (const [name, load] of Object.entries(commands)) {
    const meta = await resolved((await load()).meta);
    rows.push([name, meta?.description ?? ""]);
  }
  return `landlockd holds a program to a policy that a person can read, enforced by the Linux kernel.

${paint.bold("Usage:")} landlockd COMMAND [OPTION]...

${paint.bold("Commands:")}
${columns(rows)}

${paint.bold("Options:")}
${columns([
  ["--version", "Show the version"],
  ["--help", "Show this help; COMMAND --help tells more"],
])}

${paint.bold("First steps:")}
  landlockd doctor                                what this host can enforce
  landlockd run --policy ci-default -- make       a build that may write only here
  landlockd lint policy.toml                      what is wrong with a policy, and where
`;
}
