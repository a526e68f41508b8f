/** The policies that documents show, as a reader copies them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

export const STARTERS: readonly string[] = readdirSync(join(ROOT, "policies")).map((name) =>
  name.replace(/\.toml$/, ""),
);

/** A built-in policy's text, with its comments. */
export const starterText = (name: string): string => read(`policies/${name}.toml`);

/** Fenced TOML blocks of a page, in order. */
export function tomlBlocks(page: string): string[] {
  return [...read(page).matchAll(/```toml\n(.*?)```/gs)].map(([, text = ""]) => text);
}

function manualPolicy(): string {
  const example = /^\.EX\n(version = 1\n.*?)^\.EE$/ms.exec(read("docs/landlockd.1"))?.[1];
  if (example === undefined) throw new Error("docs/landlockd.1 shows no policy");
  return example.replaceAll("\\-", "-");
}

/** A whole policy, by the document that shows it. */
export function documentPolicies(): readonly { readonly name: string; readonly text: string }[] {
  const pages = [
    "README.md",
    ...readdirSync(join(ROOT, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  ];
  const shown = pages.flatMap((name) =>
    tomlBlocks(name).flatMap((text) => (/^version = 1$/m.test(text) ? [{ name, text }] : [])),
  );
  return [...shown, { name: "docs/landlockd.1", text: manualPolicy() }];
}

/** The one policy that a document shows. */
export function policyOf(document: string): string {
  const [found, ...more] = documentPolicies().filter(({ name }) => name === document);
  if (found === undefined || more.length > 0) throw new Error(`${document} shows no policy, or more than one`);
  return found.text;
}
