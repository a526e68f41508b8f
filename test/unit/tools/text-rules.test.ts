import { expect, test } from "bun:test";
import { TEXT_RULES } from "../../../tools/check/text-rules.ts";

/** The messages of the rules that find something in this line of this file. */
function found(file: string, line: string): string[] {
  return TEXT_RULES.filter((rule) => rule.files.test(file) && rule.except?.test(file) !== true)
    .filter((rule) => rule.pattern.test(line) && rule.unless?.test(line) !== true)
    .map((rule) => rule.message);
}

test("printing and the process's own state are for the edge", () => {
  for (const line of ["console.log(x);", "process.exit(1);", "const e = process.env;", "Bun.stdout.writer()"]) {
    expect(found("src/run/run.ts", line)).toHaveLength(1);
    expect(found("src/cli/run.ts", line)).toEqual([]);
    expect(found("src/main.ts", line)).toEqual([]);
  }
});

test("no line of /proc begins behind a carriage return", () => {
  for (const line of ["/^Pid:(.*)$/m.exec(text)", "text.matchAll(/^a$/gm)", 'new RegExp(`^${name}:`, "m").exec(x)']) {
    expect(found("src/native/a.ts", line)).toHaveLength(1);
    expect(found("test/run/a.test.ts", line)).toEqual([]);
  }
  expect(found("src/native/a.ts", 'text.split("\\n").map((line) => line.trim())')).toEqual([]);
});

test("paths of one machine are found, public ones aren't", () => {
  const slash = "/";
  expect(found("docs/x.md", `cd ${slash}work/shared/design.md`)).toHaveLength(1);
  expect(found("docs/x.md", `${slash}home/somebody/.ssh`)).toHaveLength(1);
  expect(found("docs/x.md", "/home/me/project, ${HOME}/work/x, /work/file in a root, /usr/lib, src/work/x")).toEqual(
    [],
  );
});

test("addresses of unknown hosts are found, wherever they stand", () => {
  const scheme = "https:/";
  expect(found("docs/x.md", `see ${scheme}/mirror.corp.internal/npm`)).toHaveLength(1);
  expect(found("src/a.ts", `fetch("${scheme}/10.0.0.7:8080/x")`)).toHaveLength(1);
  expect(found("docs/x.md", "https://docs.kernel.org/x and https://127.0.0.1:443/ and https://…")).toEqual([]);
});

test("a lock file names no registry", () => {
  expect(found("package-lock.json", '      "resolved": "x",')).toHaveLength(1);
});

test("a test can't be switched off past the harness", () => {
  const off = ["test", "skip("].join(".");
  expect(found("test/run/a.test.ts", `${off}"x", () => {});`)).toHaveLength(1);
  expect(found("test/harness/cases.ts", `${off}"x", () => {});`)).toEqual([]);
});
