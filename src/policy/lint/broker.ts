/** Mounts that the workload may make and then can't use. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { quote, warning } from "../finding.ts";
import type { Policy } from "../policy.ts";
import { PathIndex } from "../tree.ts";
import type { Facts } from "./facts.ts";

export function lintBrokerTargets(policy: Policy, facts: Facts): Finding[] {
  if (policy.broker === undefined || policy.fs_layer.length === 0) return [];
  const { mount_tmpfs, mount_bind, mount_object } = policy.broker;
  const targets: { readonly path: string; readonly key: KeyPath }[] = [
    ...mount_tmpfs.map((path, at) => ({ path, key: ["broker", "mount_tmpfs", at] })),
    ...mount_bind.map(({ target }, at) => ({ path: target, key: ["broker", "mount_bind", at, "target"] })),
    ...mount_object.flatMap(({ attach }, at) =>
      attach.map((path, index) => ({ path, key: ["broker", "mount_object", at, "attach", index] })),
    ),
  ];
  const rules = new PathIndex(policy.fs_layer.flatMap((layer) => layer.rule.map((rule) => facts.real(rule.path))));
  return targets.flatMap(({ path, key }) => {
    if (rules.touching(facts.real(path)) !== undefined) return [];
    return warning(
      "mount-without-rule",
      key,
      `${quote(path)} is under no rule: what is mounted there can't be used`,
      "grant rights on it in each fs_layer",
    );
  });
}
