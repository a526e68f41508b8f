/** Rules on what /proc shows of one process. */

import type { Finding } from "../../base/errors.ts";
import { error, quote } from "../finding.ts";
import type { Policy } from "../policy.ts";

/** A descriptor's link is the file itself, which is the same to all processes of a run's start. */
const ONE_PROCESS = /^\/(?:self|thread-self|\d+)(?:\/(?!fd\/\d+$)|$)/;

/** Whether a path is of a single process, in the proc of this folder. */
export function isOfOneProcess(path: string, proc: string): boolean {
  return path.startsWith(`${proc}/`) && ONE_PROCESS.test(path.slice(proc.length));
}

/**
 * A rule belongs to a file, and /proc/self is another one to each process: it would be of the one that sets the sandbox
 * up, which is the workload itself in one run and a process of landlockd's in the next.
 */
export function checkProcessRules({ fs_layer, mount }: Policy): Finding[] {
  const folders = ["/proc", ...(mount?.proc ?? [])];
  return fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap(({ path }, at) => {
      if (!folders.some((folder) => isOfOneProcess(path, folder))) return [];
      return error(
        "rule-on-process",
        ["fs_layer", index, "rule", at, "path"],
        `${quote(path)} is of one process: a rule can't follow a run's processes`,
        "grant /proc, which shows other processes too; or mount a proc of the run's own and grant that",
      );
    }),
  );
}
