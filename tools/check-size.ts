/** A file is about one thing: nothing written by hand grows over 300 lines without a reason given here. */
import { readFileSync } from "node:fs";
import { report } from "./check/report.ts";
import { trackedFiles } from "./check/tracked.ts";

const MAX_LINES = 300;

/** Longer files, each with the reason why it is one. */
const ALLOWED: Readonly<Record<string, string>> = {
  "csrc/base/uapi.h": "one vendored table of kernel constants",
  "src/plan/layout.ts": "one table of every layout that two languages share",
  "src/kernel/protections.ts": "one table, which is read as a whole",
};

const files = trackedFiles(/^(src|csrc|tools|test|bench)\/.*\.(ts|c|h)$/).filter(
  (file) => !/\.gen\.|\/uapi\//.test(file),
);
const lengths = new Map(files.map((file) => [file, readFileSync(file, "utf8").split("\n").length - 1]));

report([
  ...[...lengths]
    .filter(([file, lines]) => lines > MAX_LINES && ALLOWED[file] === undefined)
    .map(([file, lines]) => ({
      file,
      line: MAX_LINES + 1,
      message: `${lines} lines; more than ${MAX_LINES} need a reason`,
    })),
  ...Object.keys(ALLOWED)
    .filter((file) => (lengths.get(file) ?? 0) <= MAX_LINES)
    .map((file) => ({ file, line: 1, message: `needs no exception in tools/check-size.ts any more` })),
]);
