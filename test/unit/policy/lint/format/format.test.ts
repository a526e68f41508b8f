import { expect, test } from "bun:test";
import type { Finding } from "../../../../../src/base/errors.ts";
import { formatGithub } from "../../../../../src/policy/lint/format/github.ts";
import { formatJson } from "../../../../../src/policy/lint/format/json.ts";
import { formatSarif } from "../../../../../src/policy/lint/format/sarif.ts";
import { formatText } from "../../../../../src/policy/lint/format/text.ts";

const ERROR: Finding = {
  code: "unknown-key",
  severity: "error",
  key: ["fs_layer", 0, "pth"],
  message: 'unknown key "pth"',
  hint: 'did you mean "path"?',
  place: { file: "policies/a b,c:d%.toml", line: 3, column: 5 },
};

const WARNING: Finding = {
  code: "no-program",
  severity: "warning",
  key: [],
  message: "100%\nsure",
  place: { file: "/elsewhere/p.toml", line: 1, column: 1 },
};

test("text: one line each, the hint below", () => {
  expect(formatText([ERROR, { ...WARNING, message: "m" }])).toBe(
    'landlockd: policies/a b,c:d%.toml:3:5: error: unknown key "pth" [unknown-key]\n' +
      '  hint: did you mean "path"?\n' +
      "landlockd: /elsewhere/p.toml:1:1: warning: m [no-program]\n",
  );
  expect(formatText([])).toBe("");
});

test("json: one document, whatever is found", () => {
  expect(JSON.parse(formatJson([ERROR, WARNING]))).toEqual({
    version: 1,
    errors: 1,
    warnings: 1,
    findings: [
      {
        file: "policies/a b,c:d%.toml",
        line: 3,
        column: 5,
        severity: "error",
        code: "unknown-key",
        key: ["fs_layer", 0, "pth"],
        message: 'unknown key "pth"',
        hint: 'did you mean "path"?',
      },
      {
        file: "/elsewhere/p.toml",
        line: 1,
        column: 1,
        severity: "warning",
        code: "no-program",
        key: [],
        message: "100%\nsure",
        hint: null,
      },
    ],
  });
  expect(JSON.parse(formatJson([]))).toEqual({ version: 1, errors: 0, warnings: 0, findings: [] });
});

test("github: what could end a property or a line is escaped", () => {
  expect(formatGithub([ERROR, WARNING])).toBe(
    "::error file=policies/a b%2Cc%3Ad%25.toml,line=3,col=5,title=landlockd unknown-key::" +
      'unknown key "pth"%0Ahint: did you mean "path"?\n' +
      "::warning file=/elsewhere/p.toml,line=1,col=1,title=landlockd no-program::100%25%0Asure\n",
  );
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: object } }[];
    }[];
  }[];
}

test("sarif: rules are found by their index, files beneath the folder are relative to it", () => {
  const log = JSON.parse(formatSarif([ERROR, WARNING], { version: "1.2.3", cwd: "/repo" })) as Sarif;
  expect(log.version).toBe("2.1.0");
  const [run] = log.runs;
  const results = run?.results ?? [];
  expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
    ["unknown-key", "error"],
    ["no-program", "warning"],
  ]);
  for (const { ruleId, ruleIndex } of results) expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  expect(results.map(({ locations }) => locations[0]?.physicalLocation.artifactLocation)).toEqual([
    { uri: "policies/a%20b%2Cc%3Ad%25.toml", uriBaseId: "SRCROOT" },
    { uri: "file:///elsewhere/p.toml" },
  ]);
});

test("sarif: a file beside the folder isn't beneath it", () => {
  const place = { file: "/repository/p.toml", line: 1, column: 1 };
  const log = JSON.parse(formatSarif([{ ...ERROR, place }], { version: "1.2.3", cwd: "/repo" })) as Sarif;
  expect(log.runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation).toEqual({
    uri: "file:///repository/p.toml",
  });
});
