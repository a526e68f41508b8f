import { expect, test } from "bun:test";
import { bytesOf, decodeFrame, encodeFrame, numberOf, textOf, textsOf } from "../../../src/daemon/frame.ts";
import { readRunRequest, writeRunRequest } from "../../../src/daemon/request.ts";
import { Random } from "../../harness/random.ts";

const sample = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    encodeFrame("run", [
      ["policy_file", "a policy.toml"],
      ["set", "A=1"],
      ["set", "B=é"],
      ["uid", 4_294_967_295],
      ["home", undefined],
    ]),
  );

test("what was written is read back", () => {
  const frame = decodeFrame(sample());
  if (typeof frame === "string") throw new Error(frame);
  expect(frame.kind).toBe("run");
  expect(textOf(frame, "policy_file")).toBe("a policy.toml");
  expect(textsOf(frame, "set")).toEqual(["A=1", "B=é"]);
  expect(numberOf(frame, "uid")).toBe(4_294_967_295);
  expect(bytesOf(frame, "home")).toBeUndefined();
});

test("a run request survives the way", () => {
  const request = {
    policyFile: "p.toml",
    policyDir: "/etc",
    policyName: undefined,
    variables: { cwd: "/w", env: { HOME: "/h", TMPDIR: undefined }, uid: 7, set: new Map([["A", "x=y\nz"]]) },
    bestEffort: true,
    audit: false,
    jobId: "j",
    argc: 3,
  };
  const frame = decodeFrame(writeRunRequest(request));
  if (typeof frame === "string") throw new Error(frame);
  expect(readRunRequest(frame)).toEqual(request);
});

test.each([
  ["a cut header", (bytes: Uint8Array) => bytes.slice(0, 15)],
  ["a cut end", (bytes: Uint8Array) => bytes.slice(0, -8)],
  ["a longer datagram", (bytes: Uint8Array) => Buffer.concat([bytes, new Uint8Array(8)])],
  ["another magic", (bytes: Uint8Array) => bytes.with(0, 0)],
  ["another version", (bytes: Uint8Array) => bytes.with(4, 9)],
  ["an unknown kind", (bytes: Uint8Array) => bytes.with(6, 99)],
  ["too few fields", (bytes: Uint8Array) => bytes.with(12, 3)],
  ["too many fields", (bytes: Uint8Array) => bytes.with(12, 5)],
  ["an unknown tag", (bytes: Uint8Array) => bytes.with(16, 99)],
  ["a field longer than the frame", (bytes: Uint8Array) => bytes.with(22, 1)],
  ["padding that isn't zero", (bytes: Uint8Array) => bytes.with(16 + 8 + 15, 1)],
])("%s is refused", (_name, change) => {
  expect(decodeFrame(change(sample()))).toBeString();
});

test("a field that comes twice, and a number of another size, are refused", () => {
  expect(
    decodeFrame(
      encodeFrame("run", [
        ["cwd", "/"],
        ["cwd", "/"],
      ]),
    ),
  ).toBe("cwd is given twice");
  expect(decodeFrame(encodeFrame("run", [["uid", "four and more"]]))).toBe("uid is not a number");
});

test("random changes decode or are refused, and never throw", () => {
  const random = new Random(7);
  for (let round = 0; round < 20_000; round++) {
    const bytes = sample();
    for (let change = 1 + random.below(4); change > 0; change--) bytes[random.below(bytes.length)] = random.below(256);
    const frame = decodeFrame(bytes);
    if (typeof frame !== "string" && frame.kind === "run") readRunRequest(frame);
  }
});

test("requests that lack something, or say it wrongly, are refused", () => {
  const fields = [
    ["policy_file", "p"],
    ["uid", 1],
    ["argc", 1],
  ] as const;
  const read = (more: Parameters<typeof encodeFrame>[1]): unknown => {
    const frame = decodeFrame(encodeFrame("run", more));
    return typeof frame === "string" ? frame : readRunRequest(frame);
  };
  expect(read(fields)).toBeObject();
  for (const missing of [0, 1, 2])
    expect(read(fields.filter((_, index) => index !== missing))).toBe("a field is missing");
  expect(read([...fields, ["flags", 4]])).toBe("unknown flags");
  expect(read([...fields, ["set", "A"]])).toBeString();
  expect(read([...fields, ["set", "A=1"], ["set", "A=2"]])).toBeString();
  expect(read([...fields, ["cwd", new Uint8Array([0xff])]])).toBe("a text is not UTF-8");
});
