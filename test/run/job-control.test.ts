import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { runArgv } from "../harness/landlockd.ts";
import { storable } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { openTerminal, type TerminalSession } from "../harness/terminal.ts";
import { until } from "../harness/within.ts";

const CTRL_C = "\x03";
const CTRL_Z = "\x1a";
const CTRL_BACKSLASH = "\x1c";

/** A supervised run of `argv` as a command line that a shell takes. */
type CommandLine = (argv: readonly string[]) => string;

/** Once for a plain supervised run, once for one whose keeper is the init of a PID namespace. */
function underJobControl(name: string, body: (box: Box, commandLine: CommandLine) => Promise<void>): void {
  for (const [where, mounts] of [
    ["", ""],
    [", in a PID namespace", '[mount]\nproc = ["/proc"]\n'],
  ] as const) {
    asUsers(`${name}${where}`, (box) =>
      body(box, (argv) => runArgv(box, { policy: storable(box) + mounts, argv, audit: true }).join(" ")),
    );
  }
}

/** An interactive shell with job control on a terminal. */
async function openShell(box: Box): Promise<TerminalSession> {
  const session = openTerminal(box, ["/bin/bash", "--norc", "--noprofile", "-i"]);
  session.type("PS1='prompt> '; set -b; stty -echo\n");
  await session.see(/prompt> $/);
  session.type("echo\n");
  await session.see(/\r\nprompt> $/);
  return session;
}

underJobControl(
  "Ctrl-C reaches the workload once, and a workload that handles it goes on",
  async (box, commandLine) => {
    const session = await openShell(box);
    session.type(`${commandLine([probePath("ticker")])}; echo status $?\n`);
    await session.see(/ready \d+/);
    session.type(CTRL_C);
    await session.see(/interrupted/);
    session.type("hello\n");
    const heard = await session.see(/[\s\S]*heard hello/);
    expect(heard[0]).not.toContain("interrupted");
    session.type("quit\n");
    await session.see(/status 7/);
  },
);

underJobControl(
  "Ctrl-C and Ctrl-\\ end a workload that doesn't handle them, and landlockd by the same signal",
  async (box, commandLine) => {
    const session = await openShell(box);
    for (const [key, status] of [
      [CTRL_C, 130],
      [CTRL_BACKSLASH, 131],
    ] as const) {
      // A list in the shell would be interrupted as a whole: ask for the status afterwards.
      session.type(`ulimit -c 0; ${commandLine(["/bin/sh", "-c", "'echo begun; exec sleep 600'"])}\n`);
      await session.see(/begun\r/);
      session.type(key);
      await session.see(/prompt> $/);
      session.type("echo status $?\n");
      expect((await session.see(/status (\d+)/))[1]).toBe(String(status));
    }
  },
);

/** In the foreground again, the ticker goes on, has the terminal, and ends when it is told to. */
async function continueToTheEnd(session: TerminalSession): Promise<void> {
  session.type("fg\n");
  await session.see(/continued/);
  session.type("hello\n");
  await session.see(/heard hello/);
  session.type("quit\n");
  await session.see(/prompt> $/);
}

underJobControl("Ctrl-Z stops the run, fg continues it", async (box, commandLine) => {
  const session = await openShell(box);
  session.type(`${commandLine([probePath("ticker")])}; echo status $?\n`);
  await session.see(/ready \d+/);
  session.type(CTRL_Z);
  await session.see(/Stopped/);
  session.type("jobs\n");
  await session.see(/Stopped/);
  await continueToTheEnd(session);
});

underJobControl("Ctrl-Z doesn't stop landlockd under a workload that handles it", async (box, commandLine) => {
  const session = await openShell(box);
  const script = `'trap "echo handled" TSTP; echo begun; read line; read line; echo heard $line'`;
  session.type(`${commandLine(["/bin/bash", "-c", script])}; echo status $?\n`);
  await session.see(/begun\r/);
  session.type(CTRL_Z);
  session.type("one\n");
  await session.see(/handled/);
  session.type("two\n");
  await session.see(/heard two/);
  const after = await session.see(/[\s\S]*status 0/);
  expect(after[0]).not.toContain("Stopped");
});

underJobControl(
  "a run in the background that reads the terminal stops, and fg gives it the terminal",
  async (box, commandLine) => {
    const session = await openShell(box);
    session.type(`${commandLine([probePath("ticker")])} &\n`);
    await session.see(/ready \d+/);
    await session.see(/Stopped/);
    await continueToTheEnd(session);
  },
);

underJobControl("a change of the window's size reaches the workload", async (box, commandLine) => {
  const session = await openShell(box);
  session.type(`${commandLine([probePath("ticker")])}; echo status $?\n`);
  await session.see(/ready \d+/);
  session.resize(132, 43);
  await session.see(/resized/);
  session.type("size\n");
  await session.see(/size 43 132/);
  session.type("quit\n");
  await session.see(/status 7/);
});

underJobControl("when the terminal hangs up, the workload hears it", async (box, commandLine) => {
  const log = box.path("inside/log");
  const work = `trap "echo hup >>${log}; exit" HUP; echo begun; while :; do sleep 0.1; done`;
  const command = commandLine(["/bin/sh", "-c", `'${work}'`]);
  // Which signals the leader of the terminal's session alone: a shell, which tells its jobs, or landlockd.
  for (const begin of ["exec /bin/bash --norc --noprofile -i", `exec ${command}`]) {
    box.remove("inside/log");
    const session = openTerminal(box, ["/bin/sh", "-c", begin]);
    if (!begin.endsWith(command)) session.type(`${command}\n`);
    await session.see(/begun\r/);
    session.hangUp();
    await until("the workload's last word", async () => ((await Bun.file(log).exists()) ? true : undefined));
  }
});
