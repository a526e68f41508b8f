import { expect, test } from "bun:test";
import { escapeBytes, eventLine } from "../../../src/audit/line.ts";

const COMMON = { jobId: null, runId: "r" };

/** The way back that docs/audit.md describes. */
function unescapeBytes(text: string): Buffer {
  const parts = text.split(/(\\x[0-9a-f]{2}|\\\\)/);
  return Buffer.concat(
    parts.map((part) =>
      part === "\\\\"
        ? Buffer.from("\\")
        : part.startsWith("\\x")
          ? Buffer.from(part.slice(2), "hex")
          : Buffer.from(part),
    ),
  );
}

test("a line is one JSON object with the common fields first", () => {
  const line = eventLine({ event: "run.exit", pid: 7, status: 0 }, COMMON, new Date(0));
  expect(line).toBe(
    '{"component":"landlockd","event":"run.exit","timestamp":"1970-01-01T00:00:00.000Z","job_id":null,"run_id":"r","pid":7,"status":0}\n',
  );
});

test("newlines and quotes in names stay inside their line", () => {
  const event = { event: "run.start", pid: 1, policy_file: 'a"\n', argv0: Buffer.from("x\ny\u2028") } as const;
  const line = eventLine(event, COMMON, new Date(0));
  expect(line.trimEnd()).not.toContain("\n");
  expect(JSON.parse(line).argv0).toBe("x\ny\u2028");
});

test("every byte string can be had back from its escaped form", () => {
  const samples = [
    [0x66, 0xff, 0x6f],
    [0xc3, 0xa4],
    [0xc3],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xc0, 0xaf],
    [0xf4, 0x90, 0x80, 0x80],
    [...Buffer.from("back\\slash \\xff")],
    [0xff, ...Buffer.from("\\xff")],
    [0xef, 0xbb, 0xbf, 0x61],
  ];
  for (let round = 0; round < 500; round++) {
    samples.push(Array.from({ length: round % 9 }, () => Math.floor(Math.random() * 256)));
  }
  for (const sample of samples) {
    const text = escapeBytes(Uint8Array.from(sample));
    expect([...unescapeBytes(JSON.parse(JSON.stringify(text)))]).toEqual(sample);
  }
});
