/** A command on a terminal of its own, driven like a person would: type, wait for words on the screen. */
import type { Box } from "./box.ts";
import { argvAs, baseEnv } from "./process.ts";
import { until, within } from "./within.ts";

export interface TerminalSession {
  /** The pid of the command on the terminal: the session's leader. */
  readonly pid: number;
  /** Types `text`. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Closes the terminal, as when a window is closed or a connection is lost. */
  hangUp(): void;
  /** Waits until `pattern` appears in what was printed since the last wait, and returns its match. */
  see(pattern: RegExp): Promise<RegExpMatchArray>;
  /** All that was printed so far. */
  screen(): string;
  /** Waits for the command's end. */
  ended(): Promise<{ status: number | null; signal: string | null }>;
}

const WAIT_MS = 30_000;

/** Starts `argv` as the box's user, as the leader of a new session on a new terminal of 80 by 24. */
export function openTerminal(box: Box, argv: readonly string[]): TerminalSession {
  let screen = "";
  let seen = 0;
  const decoder = new TextDecoder();
  const child = Bun.spawn(argvAs(box, argv), {
    env: { ...baseEnv(box), TERM: "dumb", PS1: "$ " },
    cwd: box.dir,
    terminal: {
      cols: 80,
      rows: 24,
      data(_terminal, data) {
        screen += decoder.decode(data, { stream: true });
      },
    },
  });
  const terminal = child.terminal;
  if (terminal === undefined) throw new Error("the command has no terminal");
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
    terminal.close();
  });
  return {
    pid: child.pid,
    type: (text) => void terminal.write(text),
    resize: (columns, rows) => terminal.resize(columns, rows),
    hangUp: () => terminal.close(),
    screen: () => screen,
    async see(pattern) {
      const found = await until(
        `${pattern} on the terminal`,
        () => screen.slice(seen).match(pattern) ?? undefined,
        WAIT_MS,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}; the screen shows:\n${screen}`);
      });
      seen += (found.index ?? 0) + found[0].length;
      return found;
    },
    async ended() {
      await within(WAIT_MS, child.exited, () => `still running; the screen shows:\n${screen}`);
      const signal = child.signalCode === null ? null : String(child.signalCode);
      return { status: signal === null ? child.exitCode : null, signal };
    },
  };
}
