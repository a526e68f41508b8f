/** The launch request: what one run adds to its plan. */

import type { StartState } from "../native/start.ts";
import { LAUNCH } from "../plan/layout.ts";
import { setField, setFields } from "../plan/struct.ts";

export interface LaunchRequest {
  readonly argv: readonly Uint8Array[];
  readonly env: readonly Uint8Array[];
  readonly candidates: readonly Uint8Array[];
  /** LAUNCH_FLAGS. */
  readonly flags: number;
  readonly start: StartState;
}

/** Lists of pointer slots first, then the strings, each with its NUL; the last byte of the whole is a NUL. */
export function encodeLaunch(request: LaunchRequest): Uint8Array {
  const lists = [request.argv, request.env, request.candidates];
  const slots = lists.reduce((count, list) => count + list.length + 1, 0);
  const strings = lists.flat();
  const size = strings.reduce((sum, each) => sum + each.length + 1, LAUNCH.sizeBytes + 8 * slots) + 1;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let slotAt = LAUNCH.sizeBytes;
  let stringAt = LAUNCH.sizeBytes + 8 * slots;
  const offsets = lists.map((list) => {
    const offset = slotAt;
    for (const each of list) {
      view.setBigUint64(slotAt, BigInt(stringAt), true);
      bytes.set(each, stringAt);
      slotAt += 8;
      stringAt += each.length + 1;
    }
    slotAt += 8;
    return offset;
  });
  const { start } = request;
  setFields(view, LAUNCH, 0, {
    size,
    flags: request.flags,
    argv: offsets[0] ?? 0,
    argc: request.argv.length,
    envp: offsets[1] ?? 0,
    envc: request.env.length,
    candidates: offsets[2] ?? 0,
    candidate_count: request.candidates.length,
    ignored: start.ignored,
    blocked: start.blocked,
    nofile_soft: start.nofile.soft,
    nofile_hard: start.nofile.hard,
    closed: start.closedFds,
  });
  start.stdioFlags.forEach((flags, fd) => {
    setField(view, LAUNCH, 0, "stdio_flags", flags, fd);
  });
  return bytes;
}
