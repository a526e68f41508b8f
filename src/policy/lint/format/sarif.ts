/** Findings as SARIF 2.1.0 (OASIS), which code scanning services read. */

import { isAbsolute, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Finding } from "../../../base/errors.ts";
import { type CodeText, LINT_CODES, LOAD_CODES } from "../../codes.ts";

/** What SARIF says about its maker, and the folder to which files are relative. */
export interface SarifContext {
  readonly version: string;
  /** Absolute: files beneath it are named relative to it. */
  readonly cwd: string;
}

const RULES = [...LOAD_CODES, ...LINT_CODES];

export function formatSarif(findings: readonly Finding[], context: SarifContext): string {
  const run = {
    tool: { driver: { name: "landlockd", semanticVersion: context.version, rules: RULES.map(rule) } },
    columnKind: "utf16CodeUnits",
    originalUriBaseIds: { SRCROOT: { uri: pathToFileURL(`${context.cwd}/`).href } },
    results: findings.map((finding) => result(finding, context.cwd)),
  };
  const log = { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule({ code, severity, summary }: CodeText): object {
  return { id: code, shortDescription: { text: summary }, defaultConfiguration: { level: severity } };
}

function result({ code, severity, message, hint, place }: Finding, cwd: string): object {
  const index = RULES.findIndex((each) => each.code === code);
  return {
    ruleId: code,
    ...(index < 0 ? {} : { ruleIndex: index }),
    level: severity,
    message: { text: hint === undefined ? message : `${message}\nHint: ${hint}` },
    locations: place === undefined ? [] : [location(place.file, place.line, place.column, cwd)],
  };
}

function location(file: string, startLine: number, startColumn: number, cwd: string): object {
  return { physicalLocation: { artifactLocation: artifact(file, cwd), region: { startLine, startColumn } } };
}

/** A file beneath the folder is named relative to it, so that a service finds it in the repository. */
function artifact(file: string, cwd: string): object {
  if (!isAbsolute(file) && file.startsWith("built-in:")) return { uri: file };
  const inside = relative(cwd, isAbsolute(file) ? file : `${cwd}/${file}`);
  if (inside === "" || inside.startsWith(".."))
    return { uri: pathToFileURL(isAbsolute(file) ? file : `${cwd}/${file}`).href };
  return { uri: inside.split("/").map(encodeURIComponent).join("/"), uriBaseId: "SRCROOT" };
}
