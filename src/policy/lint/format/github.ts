/**
 * Findings as workflow commands of GitHub Actions, which shows them beside the changed lines.
 * Source: "Workflow commands for GitHub Actions"; the escapes are those of actions/toolkit, `command.ts`.
 */

import type { Finding } from "../../../base/errors.ts";

export function formatGithub(findings: readonly Finding[]): string {
  return findings.map(command).join("");
}

function command({ place, severity, code, message, hint }: Finding): string {
  const properties = [
    ...(place === undefined ? [] : [`file=${property(place.file)}`, `line=${place.line}`, `col=${place.column}`]),
    `title=${property(`landlockd ${code}`)}`,
  ];
  const text = hint === undefined ? message : `${message}\nhint: ${hint}`;
  return `::${severity} ${properties.join(",")}::${data(text)}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
