/** What a run that meets a fault comes to. Whatever is none of the three is a fault of landlockd's own. */
import type { Box } from "../harness/box.ts";
import { counting, type Fault, faulty, metIn } from "../harness/fault.ts";
import { runProcess } from "../harness/process.ts";
import { type Kind, STATUS } from "./kinds.ts";

/** No command was executed, and it is told why; the command was confined as ever, and its status told; it was killed, and it is told why. */
export type Verdict = "refused" | "held" | "ended";

/** Whether what the command printed is what a confined one prints; of one that was killed, the first lines of it. */
function isConfined(stdout: string, { lines }: Kind, whole: boolean): boolean {
  const printed = stdout === "" ? [] : stdout.trimEnd().split("\n");
  if (whole ? printed.length !== lines.length : printed.length > lines.length) return false;
  return printed.every((each, index) => {
    const expected = lines[index] ?? "";
    return expected.endsWith("?") ? each.split(" ")[0] === expected.split(" ")[0] : each === expected;
  });
}

/**
 * Runs it, and waits until nothing of it is left. Undefined where the fault was never met.
 * @throws Error where it comes to anything else
 */
export async function meet(box: Box, kind: Kind, fault: Fault): Promise<Verdict | undefined> {
  const env = { ...kind.env, ...counting(box) };
  const result = await runProcess(box, [...faulty(fault), ...kind.argv], { env });
  const { status, signal, stdout, stderr } = result;
  const told = /^landlockd: .+\n/.test(stderr) && !stderr.includes("internal error");
  if (status === STATUS && isConfined(stdout, kind, true)) return metIn(box) === 0 ? undefined : "held";
  if (status === 125 && stdout === "" && told) return "refused";
  if (signal === "SIGKILL" && /^landlockd: .*the run was ended/.test(stderr) && isConfined(stdout, kind, false)) {
    return "ended";
  }
  throw new Error(`${JSON.stringify(fault)}: ${JSON.stringify(result)}`);
}
