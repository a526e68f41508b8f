/** Broker tables that contradict themselves. */

import type { Finding } from "../../base/errors.ts";
import { error, quote } from "../finding.ts";
import type { Policy } from "../policy.ts";

export function checkExport(policy: Policy): Finding[] {
  const { broker } = policy;
  if (broker === undefined || broker.export.length === 0 || broker.scratch.length > 0) return [];
  return [
    error(
      "export-without-scratch",
      ["broker", "export"],
      "export publishes what was made beneath a scratch folder, and there is none",
      "name a folder in broker.scratch",
    ),
  ];
}

export function checkObjectNames(policy: Policy): Finding[] {
  if (policy.broker === undefined) return [];
  const first = new Map<string, number>();
  return policy.broker.mount_object.flatMap(({ name }, at) => {
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, at);
      return [];
    }
    return error(
      "duplicate-object-name",
      ["broker", "mount_object", at, "name"],
      `the name ${quote(name)} is used by mount_object[${other}] already`,
      "give each object its own name",
    );
  });
}
