/** The children of a process, as the kernel lists them (proc_pid_children(5)). */
import { readdirSync, readFileSync } from "node:fs";

/** The pids of all that its threads have started, one thread after the other; none where it is gone. */
export function childrenOf(pid: number | string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean),
    );
  } catch {
    return [];
  }
}
