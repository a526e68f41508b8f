/** A file that has the name of a policy of landlockd's own. */

import { UsageError } from "../base/errors.ts";
import { SHADOWED } from "../plan/layout.ts";
import { type LoadedPolicy, loadPolicy, type PolicySource } from "../policy/load.ts";
import { builtInPolicy } from "../policy/named.ts";
import type { VariableContext } from "../policy/variables.ts";
import { canPlant } from "../store/grants.ts";

/** Whether a run of a policy may write in a folder; one that can't be loaded here has no runs. */
async function mayWrite(source: PolicySource, variables: VariableContext, folder: string): Promise<boolean> {
  let loaded: LoadedPolicy;
  try {
    loaded = await loadPolicy(source, variables);
  } catch {
    return false;
  }
  return canPlant(loaded.policy, folder);
}

/**
 * What to tell of such a file.
 * @throws UsageError where a run of the policy that was named, or of the one that was found, could have put it there
 */
export async function shadowLine(source: PolicySource, variables: VariableContext): Promise<string | undefined> {
  const { shadows, policyDir, file } = source;
  const own = shadows === undefined ? undefined : builtInPolicy(shadows);
  if (shadows === undefined || own === undefined) return undefined;
  const folder = policyDir ?? file.slice(0, file.lastIndexOf("/"));
  for (const each of [own, source]) {
    if (!(await mayWrite(each, variables, folder))) continue;
    throw new UsageError(
      `${JSON.stringify(file)} has the name of a built-in policy, and a run of ${shadows} could have put it there`,
      "start it in another folder; or where the file is your own, name it by --policy-file",
    );
  }
  return `${SHADOWED.before}${JSON.stringify(file)}${SHADOWED.after}`;
}
