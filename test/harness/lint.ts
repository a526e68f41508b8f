/** Lints a policy that a test writes down, on a host that the test makes up. */

import { layerGrants } from "../../src/policy/grants.ts";
import { type Facts, type Kind, NO_FACTS } from "../../src/policy/lint/facts.ts";
import type { LintRule } from "../../src/policy/lint/lint.ts";
import { load } from "./policy-text.ts";

/** A host by its paths: what is at each, or where it leads. What isn't listed is missing. */
export interface Host extends Partial<Omit<Facts, "kind" | "real">> {
  readonly paths?: Readonly<Record<string, Kind>>;
  readonly links?: Readonly<Record<string, string>>;
}

export function factsOf({ paths, links, ...known }: Host): Facts {
  const real = (path: string): string => {
    for (const [from, to] of Object.entries(links ?? {})) {
      if (path === from || path.startsWith(`${from}/`)) return real(`${to}${path.slice(from.length)}`);
    }
    return path;
  };
  const kind = (path: string): Kind => (paths === undefined ? "unknown" : (paths[real(path)] ?? "missing"));
  return { ...NO_FACTS, ...known, real, kind };
}

/** `code key` of each finding of one rule. */
export function lintWith(rule: LintRule, text: string, host: Host = {}): string[] {
  const { policy } = load(`version = 1\n${text}`);
  const facts = factsOf(host);
  return rule(policy, facts, layerGrants(policy, facts)).map(({ code, key }) => `${code} ${key.join(".")}`);
}

/** An [[fs_layer]] with rules, each a path and its rights. */
export function layer(handled: string, ...rules: readonly (readonly [string, string])[]): string {
  const list = (rights: string): string => JSON.stringify(rights.split(" "));
  const lines = rules.map(
    ([path, rights]) => `  { path = ${JSON.stringify(path)}, allowed_access = ${list(rights)} },`,
  );
  return `[[fs_layer]]\nhandled_access_fs = ${list(handled)}\nrule = [\n${lines.join("\n")}\n]\n`;
}
