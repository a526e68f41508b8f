/** `landlockd show`: the text of a policy, as it was found: what a name stands for. */

import type { ArgsDef, CommandDef } from "citty";
import { UsageError } from "../base/errors.ts";
import { parseFlags } from "./arguments.ts";
import { writeOut } from "./output.ts";
import { POLICY_FLAGS, policySource } from "./policy.ts";

const { "policy-file": file, policy } = POLICY_FLAGS;

/** No `--set`: a text has its variables as they are written. */
export const SHOW_FLAGS: ArgsDef = { ...(file && { "policy-file": file }), ...(policy && { policy }) };

async function show(args: readonly string[]): Promise<void> {
  const parsed = parseFlags(args, SHOW_FLAGS);
  const [unexpected] = [...parsed.positionals, ...(parsed.command ?? [])];
  if (unexpected !== undefined) {
    throw new UsageError(
      `unexpected argument ${JSON.stringify(unexpected)}`,
      "name the policy: --policy NAME or --policy-file FILE",
    );
  }
  writeOut((await policySource(parsed)).bytes);
}

export const command: CommandDef = {
  meta: { name: "show", description: "Print the text of a policy" },
  args: SHOW_FLAGS,
  run: ({ rawArgs }) => show(rawArgs),
};
