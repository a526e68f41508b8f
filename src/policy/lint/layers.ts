/** What layers do to each other, and what they leave open. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { FS_RIGHTS, rightNames, rightsMask } from "../../kernel/landlock.ts";
import { quote, warning } from "../finding.ts";
import { handledAnywhere, type LayerGrants, leftAt, WRITE_RIGHTS } from "../grants.ts";
import type { Policy } from "../policy.ts";
import type { Facts } from "./facts.ts";

/** A grant that no run can use: another layer handles the right, and grants it neither here, above nor beneath. */
export function lintShadowedGrants(policy: Policy, facts: Facts, layers: readonly LayerGrants[]): Finding[] {
  if (layers.length < 2) return [];
  return policy.fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap((rule, at) => {
      const path = facts.real(rule.path);
      const wanted = rightsMask(FS_RIGHTS, rule.allowed_access);
      const others = layers.map((other, number) => {
        if (number === index) return { number, lost: 0 };
        return { number, lost: wanted & ~leftAt(other, path) & ~(other.beneath.get(path) ?? 0) };
      });
      const worst = others.find(({ lost }) => lost !== 0);
      if (worst === undefined) return [];
      const key: KeyPath = ["fs_layer", index, "rule", at];
      const names = rightNames(FS_RIGHTS, worst.lost).join(", ");
      return warning(
        "shadowed-grant",
        key,
        `no run can use ${names} on ${quote(rule.path)}: fs_layer[${worst.number}] denies it and doesn't grant it there`,
        "layers intersect: put the rules of both into one layer, or grant it in both",
      );
    }),
  );
}

/** Write rights that no layer handles: every place where the user may write stays writable in that way. */
export function lintUnhandledWrites(policy: Policy, _facts: Facts, layers: readonly LayerGrants[]): Finding[] {
  const open = rightNames(FS_RIGHTS, rightsMask(FS_RIGHTS, WRITE_RIGHTS) & ~handledAnywhere(layers));
  if (open.length === 0) return [];
  const [first] = policy.fs_layer;
  return [
    warning(
      "unhandled-write",
      first === undefined ? [] : ["fs_layer", 0, "handled_access_fs"],
      `no layer handles ${open.join(", ")}: that stays possible everywhere`,
      first === undefined ? "add an [[fs_layer]]" : "add them to handled_access_fs",
    ),
  ];
}
