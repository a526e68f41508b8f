/** `landlockd stop`: ends a daemon, after its runs or with them. */

import type { ArgsDef, CommandDef } from "citty";
import { Daemon } from "../daemon/client.ts";
import { parseFlags } from "./arguments.ts";
import { writeOut } from "./output.ts";
import { socketOf } from "./status-of.ts";

export const STOP_FLAGS: ArgsDef = {
  socket: { type: "string", valueHint: "SOCKET", description: "Where the daemon listens" },
  now: { type: "boolean", description: "End its runs instead of waiting for them" },
};

const plural = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);

function stop(args: readonly string[]): void {
  const parsed = parseFlags(args, STOP_FLAGS);
  const { drained, ended } = new Daemon(socketOf(parsed), "report").stop(parsed.on("now"));
  writeOut(`stopped; ${plural(drained)} came to an end, ${plural(ended)} ended\n`);
}

export const command: CommandDef = {
  meta: { name: "stop", description: "Stop a daemon, after its runs or now" },
  args: STOP_FLAGS,
  run: ({ rawArgs }) => stop(rawArgs),
};
