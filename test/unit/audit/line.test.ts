import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent } from "../../../src/audit/events.ts";
import { escapeBytes } from "../../../src/audit/line.ts";
import { AuditWriter } from "../../../src/audit/writer.ts";

/** What a writer makes of events. */
function written(jobId: string | null, ...events: readonly AuditEvent[]): string {
  const folder = mkdtempSync(join(tmpdir(), "audit-"));
  try {
    const writer = AuditWriter.open(join(folder, "sink"), { jobId, policyFile: "p" });
    for (const event of events) writer.write(event);
    expect(writer.close()).toEqual({ events: 0, errno: 0 });
    return readFileSync(join(folder, "sink"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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
  const before = Date.now();
  const line = written(null, { event: "run.error", stage: "exec", errno: 2, message: "x" });
  const { timestamp, run_id: runId } = JSON.parse(line);
  const id = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
  expect(runId).toMatch(new RegExp(`^${id}$`));
  expect(new Date(timestamp).toISOString()).toBe(timestamp);
  expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
  expect(line).toBe(
    `{"component":"landlockd","event":"run.error","timestamp":"${timestamp}","job_id":null,"run_id":"${runId}","stage":"exec","errno":2,"message":"x"}\n`,
  );
});

test("a job's name is on each line, and that of another in its place where an event has one", () => {
  const request = { event: "daemon.request", command: "stop", policy_file: null, argc: null } as const;
  const lines = written('a"\\ü', { ...request, job_id: "b\n" }, { event: "daemon.exit", pid: 1, socket: "s" });
  expect(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).job_id),
  ).toEqual(["b\n", 'a"\\ü']);
});

test("newlines and quotes in names stay inside their line", () => {
  const argv0 = Buffer.from("x\ny\u2028");
  const line = written(null, { event: "run.start", pid: 1, policy_file: 'a"\n', argv0 });
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
