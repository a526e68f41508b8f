/** What lies where a run may write, and decides the next run or holds this one's record: csrc/front/warn.c in JavaScript. */

import { realPath } from "../native/file.ts";
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

/** What to warn of, one line each, without landlockd's name. */
export function reachedLines(plan: Plan, { policyFile, isPlan, audit }: Started): string[] {
  const folders = plan.ops.flatMap(({ kind, text }) => (kind === "writes" && typeof text === "string" ? [text] : []));
  const line = (what: keyof typeof REACHED, path: string | undefined): string[] => {
    if (path === undefined || !folders.some((folder) => isWithin(path, folder))) return [];
    return [`${REACHED.before}${REACHED[what]}${JSON.stringify(path)}${REACHED.after}`];
  };
  const isFile = audit !== undefined && audit !== "-" && !audit.startsWith("fd:");
  return [
    ...(policyFile.startsWith(BUILT_IN) ? [] : line(isPlan ? "plan" : "policy", realPath(policyFile))),
    ...(isFile ? line("sink", placeOf(audit)) : []),
    ...line("executable", realPath("/proc/self/exe")),
  ];
}
