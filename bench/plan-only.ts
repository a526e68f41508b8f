/** What the kernel alone takes for a policy: a program that does nothing but perform its plan. */
import { must, placeOf } from "./lib/build.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";

const FLAGS = ["-std=gnu17", "-O2", "-iquote", "csrc", "-ffreestanding", "-fno-builtin", "-nostdlib", "-static"];
const SOURCES = ["plan/apply", "plan/mount", "plan/plan", "base/identity", "base/string"].map(
  (file) => `csrc/${file}.c`,
);

/** Makes the program for a policy as `landlockd run` is told of it; its path. `name` is a file of build/bench/. */
export function buildPlanOnly(name: string, policy: readonly string[]): string {
  const program = placeOf(name);
  must([LANDLOCKD, "compile", ...policy, "-o", `${program}.plan`]);
  const plan = `-DPLAN="${program}.plan"`;
  const own = [...FLAGS, "-fno-stack-protector", "-fno-pie", "-no-pie", plan, "bench/plan-only.c"];
  must(["gcc", ...own, ...SOURCES, "-o", program]);
  return program;
}
