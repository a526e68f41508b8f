/** What a result was measured on, without anything that names the machine itself. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** The machine behind a result. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly distribution: string;
  /** `root` or `unprivileged`: set-user-ID programs and namespaces differ. */
  readonly user: "root" | "unprivileged";
}

function distribution(): string {
  const text = readFileSync("/etc/os-release", "utf8");
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "unknown";
}

/** Describes this machine. A kernel's local suffix could name its owner, so only the version is kept. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: /^\d+\.\d+(?:\.\d+)?/.exec(release())?.[0] ?? "unknown",
    distribution: distribution(),
    user: process.getuid?.() === 0 ? "root" : "unprivileged",
  };
}

/**
 * The first version number that `argv` prints.
 * @throws Error when the program isn't there or prints none
 */
export function versionOf(argv: readonly string[]): string {
  const child = Bun.spawnSync([...argv], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const version = /\d+\.\d+[\w.+-]*/.exec(`${child.stdout}${child.stderr}`)?.[0];
  if (version === undefined) throw new Error(`${argv.join(" ")} prints no version`);
  return version;
}
