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
  const names = (policy.broker?.mount_object ?? []).map((object) => object.name);
  return names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : error(
          "duplicate-object-name",
          ["broker", "mount_object", at, "name"],
          `the name ${quote(name)} is used by mount_object[${names.indexOf(name)}] already`,
          "give each object its own name",
        ),
  );
}
