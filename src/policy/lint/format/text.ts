/** Findings for people: one line each, `landlockd: FILE:LINE:COL: severity: message [code]`, and the hint below. */

import type { Finding } from "../../../base/errors.ts";

export function formatText(findings: readonly Finding[]): string {
  return findings.map(lines).join("");
}

function lines({ place, severity, message, code, hint }: Finding): string {
  const where = place === undefined ? "" : `${place.file}:${place.line}:${place.column}: `;
  const below = hint === undefined ? "" : `  hint: ${hint}\n`;
  return `landlockd: ${where}${severity}: ${message} [${code}]\n${below}`;
}
