/** An event as one line of JSON from which every byte of every string can be had back. */

import type { AuditEvent } from "./events.ts";

/** What every event has. */
export interface Common {
  /** From LANDLOCKD_JOB_ID; null without one. */
  readonly jobId: string | null;
  readonly runId: string;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes as text. What is UTF-8 stays as it is, but for the backslash, which is doubled; each byte of what isn't becomes
 * `\xNN`. So two different byte strings never look alike.
 */
export function escapeBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes).replaceAll("\\", "\\\\");
  } catch {
    return escapeMixed(bytes);
  }
}

/** Length of the UTF-8 sequence that a byte starts; 0 where it starts none. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function escapeMixed(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const sequence = bytes.subarray(at, at + Math.max(length, 1));
    const decoded = length === sequence.length ? tryDecode(sequence) : undefined;
    if (decoded === undefined) {
      text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
      at += 1;
    } else {
      text += decoded === "\\" ? "\\\\" : decoded;
      at += length;
    }
  }
  return text;
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The line, with its newline. `time` is when it happened. */
export function eventLine(event: AuditEvent, common: Common, time: Date): string {
  const { event: name, ...fields } = event;
  const plain = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Uint8Array ? escapeBytes(value) : value]),
  );
  return `${JSON.stringify({
    component: "landlockd",
    event: name,
    timestamp: time.toISOString(),
    job_id: common.jobId,
    run_id: common.runId,
    ...plain,
  })}\n`;
}
