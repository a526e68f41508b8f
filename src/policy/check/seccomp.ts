/** Names in `[seccomp]` that nothing stands behind. */

import type { Finding } from "../../base/errors.ts";
import { didYouMean } from "../../base/suggest.ts";
import { protectionNames } from "../../kernel/protections.ts";
import { isSyscallName, syscallNames } from "../../kernel/syscalls.ts";
import { error, quote } from "../finding.ts";
import type { Policy } from "../policy.ts";

/** Names that are compared with all that exist: enough for a person, and no more work than that. */
const HINTS_MAX = 100;

/** A call of any supported architecture may be named: one that this machine doesn't have is closed already. */
export function checkSyscallNames(policy: Policy): Finding[] {
  if (policy.seccomp === undefined) return [];
  return policy.seccomp.deny.flatMap((name, at) =>
    isSyscallName(name)
      ? []
      : error(
          "unknown-syscall",
          ["seccomp", "deny", at],
          `${quote(name)} is a system call of no supported architecture`,
          at < HINTS_MAX ? didYouMean(name, syscallNames()) : undefined,
        ),
  );
}

export function checkProtectionNames(policy: Policy): Finding[] {
  const allow = policy.seccomp?.allow ?? [];
  if (allow.length === 0) return [];
  const known = protectionNames();
  return allow.flatMap((name, at) =>
    known.has(name)
      ? []
      : error(
          "unknown-protection",
          ["seccomp", "allow", at],
          `${quote(name)} is no built-in protection, and no system call that one closes`,
          at < HINTS_MAX ? didYouMean(name, known) : undefined,
        ),
  );
}
