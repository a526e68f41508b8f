/** How the checks of this folder say what they found. */

/** One thing found, at a place that an editor can open. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Prints what was found, one line each, and sets the exit status: 1 when there is anything. */
export function report(violations: readonly Violation[]): void {
  for (const { file, line, message } of violations) console.log(`${file}:${line}: ${message}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
