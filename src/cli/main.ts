/** The command line: which command, its help, and what becomes of an error that no command handled. */

import type { CommandDef } from "citty";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { VERSION } from "../base/version.ts";
import { hasFront, supervisorAddress } from "../native/start.ts";
import { exit, writeErr, writeOut } from "./output.ts";
import { command as runCommand } from "./run.ts";
import { STATUS_FAILED, STATUS_USAGE } from "./status.ts";

/** Loaded one at a time but for `run`, which pays for no other and isn't loaded by itself: that takes 1.2 ms. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandDef>>> = {
  run: async () => runCommand,
  compile: async () => (await import("./compile.ts")).command,
  show: async () => (await import("./show.ts")).command,
  lint: async () => (await import("./lint.ts")).command,
  serve: async () => (await import("./serve.ts")).command,
  status: async () => (await import("./status-of.ts")).command,
  stop: async () => (await import("./stop.ts")).command,
  doctor: async () => (await import("./doctor.ts")).command,
  schema: async () => (await import("./schema.ts")).command,
};

/** What steers Bun before our first line runs. The front takes it away; without one there is only refusing. */
function refuseSteering(): void {
  if (hasFront()) return;
  const found = Object.keys(process.env).find((name) => name.startsWith("BUN_") && name !== "BUN_INSTALL");
  if (found !== undefined) {
    throw new UsageError(`${found} is set, and this executable was built without its front`, `unset ${found}`);
  }
}

function commandOf(name: string): Promise<CommandDef> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load !== undefined) return load();
  const hint = didYouMean(name, Object.keys(COMMANDS)) ?? `there are: ${Object.keys(COMMANDS).join(", ")}`;
  throw new UsageError(`unknown command ${JSON.stringify(name)}`, hint);
}

function isHelp(argument: string): boolean {
  return argument === "--help" || argument === "-h";
}

async function dispatch(args: readonly string[]): Promise<void> {
  if (supervisorAddress() !== 0) return (await import("./resumed.ts")).resumeRun();
  refuseSteering();
  const [name, ...rest] = args;
  if (name === "--version" || name === "-V") return writeOut(`landlockd ${VERSION}\n`);
  if (name === undefined || isHelp(name)) {
    const { mainHelp } = await import("./help.ts");
    const text = await mainHelp(COMMANDS);
    if (name !== undefined) return writeOut(text);
    writeErr(text);
    return exit(STATUS_USAGE);
  }
  if (name.startsWith("-")) throw new UsageError(`unknown option ${name}`, "see landlockd --help");
  const command = await commandOf(name);
  const head = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (head.includes("--help") || head.includes("-h")) {
    const { commandHelp } = await import("./help.ts");
    return writeOut(await commandHelp(command));
  }
  await command.run?.({ rawArgs: [...rest], args: {} as never, cmd: command });
}

/** Runs landlockd with the arguments after its name. Ends the process. */
export async function main(args: readonly string[]): Promise<never> {
  try {
    await dispatch(args);
    return exit(0);
  } catch (error) {
    const { explain } = await import("./explain.ts");
    writeErr(await explain(error, undefined));
    return exit(args[0] === "run" ? STATUS_FAILED : STATUS_USAGE);
  }
}
