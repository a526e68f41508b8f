/** Write grants that lead out of the sandbox. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { quote, warning } from "../finding.ts";
import { type LayerGrants, throughBind, WRITE_RIGHTS, writesAt } from "../grants.ts";
import type { Policy } from "../policy.ts";
import { isWithin } from "../tree.ts";
import type { Facts } from "./facts.ts";
import { gitPlaces, reaches, type Sensitive, sensitivePlaces } from "./sensitive.ts";

/** One item of the policy that lets something be written. */
interface WriteGrant {
  readonly path: string;
  readonly real: string;
  readonly key: KeyPath;
  /** Whether the grant holds at a place that it reaches: another layer may take it back there. */
  readonly holdsAt: (place: string) => boolean;
}

export function lintWrites(policy: Policy, facts: Facts, layers: readonly LayerGrants[]): Finding[] {
  const places = sensitivePlaces(facts).map((kind) => ({ ...kind, paths: kind.paths.map((path) => facts.real(path)) }));
  const found = new Map<string, Finding>();
  for (const grant of writeGrants(policy, facts, layers)) {
    for (const kind of [...places, gitPlaces(grant.real, facts)]) {
      const finding = findingFor(grant, kind);
      const item = `${kind.code} ${grant.key.join(".")}`;
      if (finding !== undefined && !found.has(item)) found.set(item, finding);
    }
  }
  return [...found.values()];
}

function findingFor(grant: WriteGrant, kind: Sensitive): Finding | undefined {
  const place = kind.paths.find((path) => reaches(grant.real, path) && grant.holdsAt(path));
  if (place === undefined) return undefined;
  const message = `write rights on ${quote(grant.path)} reach ${kind.what}: ${quote(place)}`;
  return warning(kind.code, grant.key, message, kind.hint);
}

function writeGrants(policy: Policy, facts: Facts, layers: readonly LayerGrants[]): WriteGrant[] {
  const root = policy.runtime?.root;
  const grants = policy.fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap((rule, at): WriteGrant[] => {
      if (!rule.allowed_access.some((right) => WRITE_RIGHTS.includes(right))) return [];
      const key: KeyPath = ["fs_layer", index, "rule", at, "path"];
      const grant = (real: string, sees: (place: string) => boolean): WriteGrant => ({
        path: rule.path,
        real,
        key,
        holdsAt: (place) => sees(place) && holds(layers, real, place),
      });
      const inRoot = (place: string): boolean => root === undefined || isWithin(place, facts.real(root));
      return [
        grant(facts.real(rule.path), inRoot),
        ...boundAt(policy, rule.path).map((path) => grant(facts.real(path), () => true)),
      ];
    }),
  );
  return [...grants, ...brokerGrants(policy, facts)];
}

/** Where else a rule on `path` lets something be written: at the sources of what is bound there. */
function boundAt(policy: Policy, path: string): readonly string[] {
  return (policy.mount?.bind ?? []).flatMap((bind) => (bind.read_only ? [] : (throughBind(path, bind) ?? [])));
}

/** A grant above a place holds there if every layer leaves it; one inside of the place, if every layer leaves it here. */
function holds(layers: readonly LayerGrants[], real: string, place: string): boolean {
  return writesAt(layers, isWithin(place, real) ? place : real) !== 0;
}

function brokerGrants(policy: Policy, facts: Facts): WriteGrant[] {
  const { broker } = policy;
  if (broker === undefined) return [];
  return (["allow_write", "scratch", "export"] as const).flatMap((list) =>
    broker[list].map((path, at) => ({
      path,
      real: facts.real(path),
      key: ["broker", list, at],
      holdsAt: () => true,
    })),
  );
}
