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
  const { PATH, ...rest } = baseEnv(box);
  const env = { ...rest, PATH: `${box.path("bin")}:${PATH}` };
  const steps = session(block("Your first policy", "console"));
  expect(steps).toHaveLength(4);
  for (const { command, shown } of steps) {
    const result = await runProcess(box, ["sh", "-c", command], { cwd: box.path("first"), env });
    expect({ command, ok: result.status === 0, stderr: result.stderr }).toEqual({
      command,
      ok: shown === "",
      stderr: shown,
    });
  }
  expect(readFileSync(box.path("first/copy.toml"), "utf8")).toBe(block("Your first policy", "toml"));
});
