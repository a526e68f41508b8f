/** A process outside the sandbox, of the same user, that escapes are aimed at. */
import type { Box } from "./box.ts";
import { probePath } from "./probe.ts";
import { argvAs, baseEnv } from "./process.ts";
import { within } from "./within.ts";

export interface Victim {
  /** Its pid in decimal. */
  readonly pid: string;
  /** Where its secret is in its memory: 6 bytes, `0x…`. */
  readonly address: string;
  /** Ends it and returns what became of it: its secret, and how many signals (SIGUSR1, SIGIO) reached it. */
  finish(): Promise<{ secret: string; signals: number }>;
}

/** Starts a victim, by a command that executes it if `prefix` is one; it is killed when the box is closed. */
export async function startVictim(box: Box, prefix: readonly string[] = []): Promise<Victim> {
  const child = Bun.spawn(argvAs(box, [...prefix, probePath("victim")]), {
    env: baseEnv(box),
    cwd: box.dir,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const line = async (): Promise<string[]> => {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await within(30_000, reader.read(), () => "the victim says nothing");
      if (done) throw new Error(`the victim ended with ${child.signalCode ?? child.exitCode}`);
      text += value;
    }
    return text.trimEnd().split(" ");
  };
  const [pid = "", address = ""] = await line();
  return {
    pid,
    address,
    async finish() {
      await child.stdin.end();
      const [secret = "", signals = ""] = await line();
      return { secret, signals: Number(signals) };
    },
  };
}
