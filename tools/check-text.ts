/** Rules about the text of committed files that neither the compiler nor the linter knows. */
import { readFileSync } from "node:fs";
import { report, type Violation } from "./check/report.ts";
import { TEXT_RULES, type TextRule } from "./check/text-rules.ts";
import { trackedFiles } from "./check/tracked.ts";

function applyRule(rule: TextRule, file: string, lines: readonly string[]): Violation[] {
  return lines.flatMap((text, index) => {
    const match = rule.pattern.exec(text);
    if (match === null || rule.unless?.test(text) === true) return [];
    return [{ file, line: index + 1, message: `${match[0].trim()}: ${rule.message}` }];
  });
}

function violations(): Violation[] {
  return trackedFiles(/./).flatMap((file) => {
    const rules = TEXT_RULES.filter((rule) => rule.files.test(file) && rule.except?.test(file) !== true);
    if (rules.length === 0) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    return rules.flatMap((rule) => applyRule(rule, file, lines));
  });
}

report(violations());
