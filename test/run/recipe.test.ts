/** The README's recipes for CI, with a job that does what it can against them. */
import { expect } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { asUsers } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { baseEnv, runProcess } from "../harness/process.ts";

const README = readFileSync(resolve(import.meta.dir, "../../README.md"), "utf8");

/** The fenced block of that language which holds `text`. */
function block(language: string, text: string): string {
  const blocks = [...README.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    (each) => each[1] ?? "",
  );
  const found = blocks.find((each) => each.includes(text));
  if (found === undefined) throw new Error(`README.md: no ${language} block with ${text}`);
  return found;
}

/** A list's items, as a shell gets them. */
function items(yaml: string, key: string): string {
  const [, list = ""] = new RegExp(`^  ${key}:\\n((?:    - .*\\n)+)`, "m").exec(yaml) ?? [];
  return list.replaceAll(/^ {4}- (.*)$/gm, (_, item: string) => (item.startsWith("'") ? item.slice(1, -1) : item));
}

const GITHUB = block("yaml", "name: Test in a sandbox").replace(/^[\s\S]*run: \|\n/, "");
const GITLAB = block("yaml", "after_script:");
const RECIPES: Readonly<Record<string, string>> = {
  GitHub: GITHUB,
  GitLab: `(set -e\n${items(GITLAB, "script")})\nstatus=$?\n${items(GITLAB, "after_script")}exit $status\n`,
};

/** What a job would write: its next policy, the record, the executable. Each line goes on without success. */
const HOSTILE = `test:
\t-echo 'version = 1' > "$(HOME)/landlockd/test.toml"
\t-echo gone > "$(HOME)/landlockd/audit.jsonl"
\t-cp /bin/true "$(HOME)/landlockd/landlockd"
\t-echo 'version = 1' > .landlockd/test.toml
\t-rm "$(HOME)/landlockd/test.toml"
\techo tested > result
`;

for (const [name, recipe] of Object.entries(RECIPES)) {
  asUsers(`a hostile job changes nothing of the recipe for ${name}`, async (box) => {
    const policy = block("toml", 'path = "${CWD}"');
    box.write("work/.landlockd/test.toml", policy);
    box.write("work/Makefile", HOSTILE);
    const executable = landlockdPath();
    const env = {
      ...baseEnv(box),
      HOME: box.mkdir("home"),
      TMPDIR: box.mkdir("tmp"),
      LANDLOCKD_URL: `file://${executable}`,
      LANDLOCKD_SHA256: createHash("sha256").update(readFileSync(executable)).digest("hex"),
    };
    const result = await runProcess(box, ["/bin/bash", "-ec", recipe], { cwd: box.path("work"), env });
    expect({ status: result.status, stderr: result.stderr }).toMatchObject({ status: 0 });
    expect(result.stderr).not.toContain("warning: this run may write");
    // Positive control: the job ran to its end, and changed what it may.
    expect(readFileSync(box.path("work/result"), "utf8")).toBe("tested\n");
    expect(readFileSync(box.path("work/.landlockd/test.toml"), "utf8")).toBe("version = 1\n");
    expect(readFileSync(box.path("home/landlockd/test.toml"), "utf8")).toBe(policy);
    expect(readFileSync(box.path("home/landlockd/landlockd")).equals(readFileSync(executable))).toBe(true);
    const events = readFileSync(box.path("home/landlockd/audit.jsonl"), "utf8").trimEnd().split("\n");
    expect(events.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(["run.start", "run.exit"]);
    if (name === "GitLab") expect(readFileSync(box.path("work/landlockd.jsonl"), "utf8")).toContain('"run.exit"');
  });
}
