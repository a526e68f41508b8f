/** What the kernel alone takes for a policy: a program that does nothing but perform its plan. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { LANDLOCKD } from "./lib/landlockd.ts";

function must(argv: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync([...argv]);
  if (!success) throw new Error(`${argv[0]}: ${stderr}`);
}

const FLAGS = ["-std=gnu17", "-O2", "-iquote", "csrc", "-ffreestanding", "-fno-builtin", "-nostdlib", "-static"];
const SOURCES = ["csrc/plan/apply.c", "csrc/plan/mount.c", "csrc/plan/plan.c", "csrc/base/identity.c"];

/** Makes the program for a policy as `landlockd run` is told of it; its path. `name` is a file of build/bench/. */
export function buildPlanOnly(name: string, policy: readonly string[]): string {
  const program = resolve("build/bench", name);
  mkdirSync(resolve("build/bench"), { recursive: true });
  must([LANDLOCKD, "compile", ...policy, "-o", `${program}.plan`]);
  const plan = `-DPLAN="${program}.plan"`;
  const own = [...FLAGS, "-fno-stack-protector", "-fno-pie", "-no-pie", plan, "bench/plan-only.c"];
  must(["gcc", ...own, ...SOURCES, "csrc/base/string.c", "-o", program]);
  return program;
}
