/** Builds the probes: small static C programs that make one exact system call. */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { stage } from "./stage.ts";

const SOURCE_DIR: string = resolve(import.meta.dir, "../probe");
const BUILD_DIR: string = resolve(import.meta.dir, "../../build/probe");
const FLAGS: readonly string[] = ["-static", "-O1", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-pthread"];

/** Every probe by name. */
export function probeNames(): string[] {
  return readdirSync(SOURCE_DIR)
    .filter((name) => name.endsWith(".c"))
    .map((name) => name.slice(0, -2));
}

function newestSourceMs(name: string): number {
  const headers = readdirSync(SOURCE_DIR).filter((file) => file.endsWith(".h"));
  return Math.max(...[`${name}.c`, ...headers].map((file) => statSync(join(SOURCE_DIR, file)).mtimeMs));
}

/**
 * The path of a probe that every user can execute, compiled if it is older than its source. Two test processes may
 * compile it at once: each writes a file of its own and renames it into place.
 *
 * @throws Error with the compiler's output if it doesn't compile.
 */
export function probePath(name: string): string {
  const output = join(BUILD_DIR, name);
  if (!existsSync(output) || statSync(output).mtimeMs < newestSourceMs(name)) {
    mkdirSync(BUILD_DIR, { recursive: true });
    const unfinished = `${output}.${process.pid}`;
    const gcc = Bun.spawnSync(["gcc", ...FLAGS, "-o", unfinished, join(SOURCE_DIR, `${name}.c`)]);
    if (gcc.exitCode !== 0) throw new Error(`probe ${name} doesn't compile:\n${gcc.stderr}`);
    renameSync(unfinished, output);
  }
  return stage(output);
}

if (import.meta.main) for (const name of probeNames()) probePath(name);
