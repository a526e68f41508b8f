/** `landlockd status`: what a daemon is doing. */

import type { ArgsDef, CommandDef } from "citty";
import { UsageError } from "../base/errors.ts";
import { Daemon } from "../daemon/client.ts";
import type { Percentiles, StatusReport } from "../daemon/statistics.ts";
import { type Parsed, parseFlags } from "./arguments.ts";
import { paintFor } from "./colors.ts";
import { writeOut } from "./output.ts";

export const STATUS_FLAGS: ArgsDef = {
  socket: { type: "string", valueHint: "SOCKET", description: "Where the daemon listens" },
  json: { type: "boolean", description: "Print it as JSON" },
};

/** The socket that a command is about. @throws UsageError */
export function socketOf(parsed: Parsed): string {
  const socket = parsed.value("socket");
  if (parsed.positionals.length > 0)
    throw new UsageError(`unexpected argument ${JSON.stringify(parsed.positionals[0])}`);
  if (socket === undefined) throw new UsageError("no socket is given", "--socket SOCKET: where the daemon listens");
  return socket;
}

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  return `${days > 0 ? `${days} d ` : ""}${hours > 0 || days > 0 ? `${hours} h ` : ""}${minutes} min ${seconds % 60} s`;
}

function latency({ count, p50, p90, p99, max }: Percentiles): string {
  if (count === 0) return "none yet";
  const ms = (microseconds: number): string => (microseconds / 1000).toFixed(2);
  return `median ${ms(p50)}, 90 % ${ms(p90)}, 99 % ${ms(p99)}, longest ${ms(max)} ms`;
}

/** The report as a person reads it, line by line: name and value. */
export function statusRows(report: StatusReport): readonly (readonly [string, string])[] {
  const { runs, outcomes, plans, latency_microseconds: times } = report;
  return [
    ["version", report.version],
    ["listens at", report.socket],
    ["up", `${duration(report.uptime_seconds)}, pid ${report.pid}${report.stopping ? ", stopping" : ""}`],
    ["runs", `${runs.now} now, ${runs.total} in total, ${runs.direct} left to their clients, ${runs.refused} refused`],
    [
      "ended",
      `${outcomes.exited_zero} with status 0, ${outcomes.exited_nonzero} with another, ${outcomes.signaled} by a signal, ` +
        `${outcomes.failed} not started, ${outcomes.lost} with their client` +
        (outcomes.unknown === 0 ? "" : `, ${outcomes.unknown} in a way that this kernel doesn't tell`),
    ],
    ["policies", `${plans.kept} kept, ${plans.hits} times found, ${plans.misses} times compiled`],
    ["broker", `${report.brokered_requests} requests`],
    ["to the plan", latency(times.plan)],
    ["to the start", latency(times.start)],
  ];
}

async function status(args: readonly string[]): Promise<void> {
  const parsed = parseFlags(args, STATUS_FLAGS);
  const report = new Daemon(socketOf(parsed), "report").status();
  if (parsed.on("json")) return writeOut(`${JSON.stringify(report, undefined, 2)}\n`);
  const paint = await paintFor(1);
  writeOut(
    statusRows(report)
      .map(([name, value]) => `${paint.bold(name.padEnd(12))}  ${value}\n`)
      .join(""),
  );
}

export const command: CommandDef = {
  meta: { name: "status", description: "Show what a daemon is doing" },
  args: STATUS_FLAGS,
  run: ({ rawArgs }) => status(rawArgs),
};
