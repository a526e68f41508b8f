/** What lies where a run may write, and decides the next run or holds this one's record: csrc/front/warn.c in JavaScript. */

import { ENOENT } from "../kernel/errno.ts";
import { AT_FDCWD, S_IFREG } from "../kernel/file.ts";
import { realPath, statusIn } from "../native/file.ts";
import { REACHED } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import { BUILT_IN } from "../policy/load.ts";
import { isWithin } from "../policy/tree.ts";

/** What a run is started with. */
export interface Started {
  /** As messages name it. */
  readonly policyFile: string;
  /** Whether that is a plan file. */
  readonly isPlan: boolean;
  /** What `--audit` names. */
  readonly audit: string | undefined;
}

/** Where a path leads whose last name may not be there yet. */
function placeOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  const folder = realPath(slash < 0 ? "." : path.slice(0, slash + 1));
  return folder === undefined ? undefined : `${folder === "/" ? "" : folder}/${path.slice(slash + 1)}`;
}

/** What a run could change afterwards: no descriptor, no device, and nothing that can't be a sink. */
function isFile(sink: string): boolean {
  if (sink === "-" || sink.startsWith("fd:")) return false;
  const status = statusIn(AT_FDCWD, sink);
  return typeof status === "number" ? status === -ENOENT : status.type === S_IFREG;
}

/** What to warn of, one line each, without landlockd's name. */
export function reachedLines(plan: Plan, { policyFile, isPlan, audit }: Started): string[] {
  const folders = plan.ops.flatMap(({ kind, text }) => (kind === "writes" && typeof text === "string" ? [text] : []));
  const line = (what: keyof typeof REACHED, path: string | undefined): string[] => {
    if (path === undefined || !folders.some((folder) => isWithin(path, folder))) return [];
    return [`${REACHED.before}${REACHED[what]}${JSON.stringify(path)}${REACHED.after}`];
  };
  return [
    ...(policyFile.startsWith(BUILT_IN) ? [] : line(isPlan ? "plan" : "policy", realPath(policyFile))),
    ...(audit !== undefined && isFile(audit) ? line("sink", placeOf(audit)) : []),
    ...line("executable", realPath("/proc/self/exe")),
  ];
}
