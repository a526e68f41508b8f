/** Every relative link in a document leads to a file of the project, and every `#part` to a heading there. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { report, type Violation } from "./check/report.ts";
import { trackedFiles } from "./check/tracked.ts";

const LINK = /\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g;

/** A heading's anchor as GitHub and GitLab make it. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function anchorsOf(file: string): Set<string> {
  return new Set(Array.from(readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm), (match) => anchorOf(match[1] ?? "")));
}

function check(file: string, target: string, anchor: string | undefined): string | undefined {
  const path = target === "" ? file : join(dirname(file), target);
  if (!existsSync(path)) return `${target} doesn't exist`;
  if (anchor !== undefined && path.endsWith(".md") && !anchorsOf(path).has(anchor)) return `${path} has no #${anchor}`;
  return undefined;
}

function violations(): Violation[] {
  return trackedFiles(/\.md$/).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((text, index) =>
        Array.from(text.matchAll(LINK)).flatMap((match) => {
          const message = check(file, match[1] ?? "", match[2]);
          return message === undefined ? [] : [{ file, line: index + 1, message }];
        }),
      ),
  );
}

report(violations());
