/** What is on record of a run or a daemon: csrc/audit/audit.h, which writes all of it. */

import { addressOf, asAddress, native } from "./library.ts";
import { allocate, type Memory } from "./memory.ts";

function string(text: string): Memory {
  const bytes = Buffer.from(text);
  const memory = allocate(bytes.length + 1);
  memory.bytes.set(bytes);
  return memory;
}

/** Why a sink couldn't be opened. */
export interface SinkFailure {
  /** Positive: ll_sink_open of csrc/audit/sink.h. */
  readonly errno: number;
  /** The fd that the sink's name stands for; -1 where it names a file. */
  readonly fd: number;
}

/** Opens a sink, for events of this job and policy: the record's address. */
export function openAudit(sink: string, jobId: string | null, policyFile: string): number | SinkFailure {
  const texts = [string(sink), jobId === null ? undefined : string(jobId), string(policyFile)];
  const names = new BigUint64Array(texts.map((each) => BigInt(each?.address ?? 0)));
  const address = new BigUint64Array(1);
  const fd = new Int32Array(1);
  const result = native().ll_audit_open(addressOf(names), addressOf(address), addressOf(fd));
  return result === 0 ? Number(address[0]) : { errno: -result, fd: fd[0] ?? -1 };
}

/** Writes an event. `fields`: the rest of its JSON object, without braces. `jobId`: undefined for the record's own. */
export function writeAudit(address: number, event: string, jobId: string | undefined, fields: string): void {
  const job = jobId === undefined ? undefined : string(jobId);
  const bytes = Buffer.from(fields);
  // An empty buffer has no address.
  const given = bytes.length === 0 ? string("").bytes : bytes;
  const name = string(event);
  native().ll_audit_write(
    asAddress(address),
    addressOf(name.bytes),
    job === undefined ? null : addressOf(job.bytes),
    addressOf(given),
    bytes.length,
  );
}

/** Writes the run's end. `status`: as wait(2). */
export function endAudit(address: number, pid: number, status: number): void {
  native().ll_audit_end(asAddress(address), pid, status);
}

/** Waits a little for a slow sink; tells how many events are lost, and why the last of them (0 where none is). */
export function finishAudit(address: number): { readonly events: number; readonly errno: number } {
  const error = new Int32Array(1);
  const events = native().ll_audit_finish(asAddress(address), addressOf(error));
  return { events, errno: error[0] ?? 0 };
}
