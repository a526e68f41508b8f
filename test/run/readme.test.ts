/** The README's first policy does what the README shows. */
import { expect } from "bun:test";
import { readFileSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { asUsers } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { baseEnv, runProcess } from "../harness/process.ts";

const README = readFileSync(resolve(import.meta.dir, "../../README.md"), "utf8");

/** The first fenced block of that language after the heading. */
function block(heading: string, language: string): string {
  const section = README.slice(README.indexOf(`\n## ${heading}\n`));
  const match = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section);
  if (match?.[1] === undefined) throw new Error(`README.md: no ${language} block under ${heading}`);
  return match[1];
}

/** `$ command` lines, each with the lines that are shown as its output. */
function session(text: string): { command: string; shown: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...shown] = part.split("\n");
      return { command, shown: shown.join("\n") };
    });
}

asUsers("the README's first policy and the session below it", async (box) => {
  box.mkdir("bin");
  symlinkSync(landlockdPath(), box.path("bin/landlockd"));
  box.write("first/first.toml", block("Your first policy", "toml"));
  box.mkdir("first/project");
  const { PATH, ...rest } = baseEnv(box);
  const env = { ...rest, PATH: `${box.path("bin")}:${PATH}`, TMPDIR: box.mkdir("tmp") };
  const steps = session(block("Your first policy", "console"));
  expect(steps).toHaveLength(5);
  for (const { command, shown } of steps) {
    const result = await runProcess(box, ["sh", "-c", command], { cwd: box.path("first/project"), env });
    // The dry run's plan is too long to show in the README.
    if (command.endsWith("--dry-run")) expect(result.stdout).toContain("seccomp filter");
    else expect({ command, output: result.stdout + result.stderr }).toEqual({ command, output: shown });
    expect({ command, status: result.status }).toEqual({ command, status: shown.includes("denied") ? 1 : 0 });
  }
});
