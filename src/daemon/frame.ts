/**
 * The datagrams of the protocol as bytes: a header and tagged fields (docs/protocol.md). Pure. What doesn't decode
 * exactly isn't a frame: unknown kinds and tags, holes, leftovers and wrong sizes are all refused.
 *
 *     header  u32 magic, u16 version, u16 kind, u32 size of the whole in bytes, u32 number of fields
 *     field   u16 tag, u16 zero, u32 size of the value in bytes, the value, zeros up to a multiple of 8
 */

/** "LLDM", little-endian. */
export const FRAME_MAGIC = 0x4d44_4c4c;
export const PROTOCOL_VERSION = 1;

const HEADER_SIZE = 16;
const FIELD_HEADER_SIZE = 8;
/** More than a request with every variable that a policy can use. */
const FIELDS_MAX = 4096;

/** Kinds of datagram. Numbers are never reused. */
export const KINDS = {
  /** Daemon: to every connection, first. */
  hello: 1,
  /** Daemon: the plan that the client is to run; the plan comes along as an fd. */
  plan: 2,
  /** Daemon: no. */
  refused: 3,
  /** Daemon: this run is one that the client has to supervise by itself. */
  direct: 4,
  /** Daemon: a line for the client's audit sink. */
  audit: 5,
  /** Daemon: nothing more comes for this run. */
  done: 6,
  /** Daemon: the answer to status and stop, as JSON. */
  report: 7,
  /** Daemon: end the run. */
  end: 8,
  /** Client: asks for a plan; the policy comes along as an fd. */
  run: 16,
  /** Client: the seccomp listener of its run comes along as an fd. */
  listener: 17,
  /** Client: the workload runs. */
  started: 18,
  /** Client: the workload ended, or could not be started. */
  ended: 19,
  status: 20,
  stop: 21,
  /** Client: this process becomes the workload; nobody stays to say how it ends. Alone on a register's socket. */
  becomes: 22,
} as const;

export type KindName = keyof typeof KINDS;

/** Fields; each may come once, `set` any number of times. Numbers are never reused. */
export const TAGS = {
  /** Text: landlockd's version. */
  version: 1,
  /** 32 bytes: digest of the plan format. */
  layout: 2,
  /** u32: bits, by kind. */
  flags: 3,
  /** Text, one line, for people. */
  message: 4,
  /** Text: what to do about it. */
  hint: 5,
  /** Text: the policy as messages and events name it. */
  policy_file: 6,
  /** Text: the folder that the policy is in. */
  policy_dir: 7,
  /** Text: the policy's name, for a daemon that chooses the file. */
  policy_name: 8,
  /** Text: NAME=VALUE of --set. */
  set: 9,
  /** Text: values of built-in variables; absent where there is none. */
  cwd: 10,
  home: 11,
  tmpdir: 12,
  /** u32. */
  uid: 13,
  /** Text: for events. */
  job_id: 14,
  /** u32. */
  argc: 15,
  /** u32. */
  pid: 16,
  /** u32: a wait status. */
  status: 17,
  /** u32: positive errno. */
  errno: 18,
  /** Text: JSON. */
  json: 19,
  /** u32: a count. */
  count: 20,
  /** u32: events that the client didn't take in time. */
  lost: 21,
  /** 32 bytes: proves by the user's own key that the plan is the one for this request (src/daemon/proof.ts). */
  mac: 22,
  /** 32 bytes: the name of a plan (src/store/key.ts). */
  key: 23,
} as const;

export type TagName = keyof typeof TAGS;

const NUMBERS: ReadonlySet<TagName> = new Set(["flags", "uid", "argc", "pid", "status", "errno", "count", "lost"]);
const REPEATABLE: ReadonlySet<TagName> = new Set(["set"]);

export interface Frame {
  readonly kind: KindName;
  readonly fields: readonly (readonly [TagName, Uint8Array])[];
}

/** A frame's fields as they are written: text, bytes, or a u32. */
export type FieldValue = string | Uint8Array | number;

function valueBytes(value: FieldValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return Buffer.from(value);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The bytes of a frame. Fields that are undefined are left out. */
export function encodeFrame(
  kind: KindName,
  fields: readonly (readonly [TagName, FieldValue | undefined])[] = [],
): Uint8Array {
  const values = fields.flatMap(([tag, value]) => (value === undefined ? [] : [[tag, valueBytes(value)] as const]));
  const padded = (length: number): number => Math.ceil(length / 8) * 8;
  const size = values.reduce((sum, [, each]) => sum + FIELD_HEADER_SIZE + padded(each.length), HEADER_SIZE);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FRAME_MAGIC, true);
  view.setUint16(4, PROTOCOL_VERSION, true);
  view.setUint16(6, KINDS[kind], true);
  view.setUint32(8, size, true);
  view.setUint32(12, values.length, true);
  let at = HEADER_SIZE;
  for (const [tag, value] of values) {
    view.setUint16(at, TAGS[tag], true);
    view.setUint32(at + 4, value.length, true);
    bytes.set(value, at + FIELD_HEADER_SIZE);
    at += FIELD_HEADER_SIZE + padded(value.length);
  }
  return bytes;
}

const KIND_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(KINDS).map(([name, id]) => [id, name]));
const TAG_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TAGS).map(([name, id]) => [id, name]));

/** The frame in a datagram, or what is wrong with it. */
export function decodeFrame(bytes: Uint8Array): Frame | string {
  if (bytes.length < HEADER_SIZE) return "shorter than a header";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== FRAME_MAGIC) return "not a frame of this protocol";
  const version = view.getUint16(4, true);
  if (version !== PROTOCOL_VERSION) return `protocol version ${version}; this side speaks ${PROTOCOL_VERSION}`;
  const kind = KIND_NAMES.get(view.getUint16(6, true)) as KindName | undefined;
  if (kind === undefined) return "unknown kind";
  if (view.getUint32(8, true) !== bytes.length) return "its size is not the datagram's";
  const count = view.getUint32(12, true);
  if (count > FIELDS_MAX) return "too many fields";
  const fields = decodeFields(view, bytes, count);
  return typeof fields === "string" ? fields : { kind, fields };
}

function decodeFields(view: DataView, bytes: Uint8Array, count: number): [TagName, Uint8Array][] | string {
  const fields: [TagName, Uint8Array][] = [];
  const seen = new Set<TagName>();
  let at = HEADER_SIZE;
  for (let index = 0; index < count; index++) {
    if (bytes.length - at < FIELD_HEADER_SIZE) return "a field is cut off";
    const tag = TAG_NAMES.get(view.getUint16(at, true)) as TagName | undefined;
    const size = view.getUint32(at + 4, true);
    const end = at + FIELD_HEADER_SIZE + Math.ceil(size / 8) * 8;
    if (tag === undefined || view.getUint16(at + 2, true) !== 0) return "unknown field";
    if (end > bytes.length) return "a field is cut off";
    if (seen.has(tag) && !REPEATABLE.has(tag)) return `${tag} is given twice`;
    if (NUMBERS.has(tag) && size !== 4) return `${tag} is not a number`;
    const value = bytes.subarray(at + FIELD_HEADER_SIZE, at + FIELD_HEADER_SIZE + size);
    if (bytes.subarray(at + FIELD_HEADER_SIZE + size, end).some((byte) => byte !== 0)) return "padding is not zero";
    seen.add(tag);
    fields.push([tag, value]);
    at = end;
  }
  return at === bytes.length ? fields : "bytes are left over";
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A field as text; undefined where it is absent. @throws TypeError where it isn't UTF-8. */
export function textOf(frame: Frame, tag: TagName): string | undefined {
  const bytes = bytesOf(frame, tag);
  return bytes === undefined ? undefined : strictUtf8.decode(bytes);
}

/** Every value of a field that may be repeated. @throws TypeError where one isn't UTF-8. */
export function textsOf(frame: Frame, tag: TagName): string[] {
  return frame.fields.filter(([name]) => name === tag).map(([, value]) => strictUtf8.decode(value));
}

export function numberOf(frame: Frame, tag: TagName): number | undefined {
  const bytes = bytesOf(frame, tag);
  return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

export function bytesOf(frame: Frame, tag: TagName): Uint8Array | undefined {
  return frame.fields.find(([name]) => name === tag)?.[1];
}
