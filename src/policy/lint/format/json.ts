/**
 * Findings for programs: `{"version": 1, "errors": N, "warnings": N, "findings": [...]}`, each finding with `file`,
 * `line`, `column`, `severity`, `code`, `key` (the key's path, as a list), `message` and `hint` (or null). Keys may be
 * added, and are never taken away.
 */

import type { Finding } from "../../../base/errors.ts";
import { count } from "../report.ts";

export function formatJson(findings: readonly Finding[]): string {
  const rows = findings.map(({ place, severity, code, key, message, hint }) => ({
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
    severity,
    code,
    key,
    message,
    hint: hint ?? null,
  }));
  return `${JSON.stringify({ version: 1, ...count(findings), findings: rows }, null, 2)}\n`;
}
