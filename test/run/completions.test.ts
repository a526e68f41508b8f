/** Every flag that `--help` shows is completed by bash, zsh and fish, and nothing else is. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testUnless } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";

const FOLDER = resolve(import.meta.dir, "../../completions");
const COMMANDS = ["run", "compile", "lint", "show", "serve", "status", "stop", "doctor", "schema"];
const ENV = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/proc/nonexistent", NO_COLOR: "1" };

function output(argv: readonly string[]): string {
  const child = Bun.spawnSync([...argv], { env: ENV, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  return child.stdout.toString();
}

function flagsIn(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g), (match) => match[0]))].sort();
}

function flagsOfHelp(command: string): string[] {
  return flagsIn(output([landlockdPath(), command, "--help"]));
}

/** What bash offers for `landlockd COMMAND --`, from its own completion function. */
function flagsOfBash(command: string): string[] {
  const script = `source "$1"; COMP_WORDS=(landlockd "$2" --); COMP_CWORD=2; _landlockd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return flagsIn(output(["bash", "-c", script, "bash", `${FOLDER}/landlockd.bash`, command]));
}

function flagsOfFish(command: string): string[] {
  const script = 'source $argv[1]; complete -C "landlockd $argv[2] --"';
  const words = output(["fish", "--no-config", "-c", script, `${FOLDER}/landlockd.fish`, command]).split("\n");
  return flagsIn(words.map((line) => line.split("\t")[0] ?? "").join("\n"));
}

test("the commands of --help are the ones completed", () => {
  const help = output([landlockdPath(), "--help"]);
  for (const command of COMMANDS) expect(help).toMatch(new RegExp(`\\b${command}\\b`));
});

describe.each(COMMANDS)("%s", (command) => {
  test("has help that shows its flags", () => {
    expect(flagsOfHelp(command)).toContain("--help");
  });

  test("bash completes the flags of its help", () => {
    expect(flagsOfBash(command)).toEqual(flagsOfHelp(command));
  });

  testUnless(Bun.which("fish") === null ? "fish: not found; apt-get install fish" : undefined, "fish does", () => {
    expect(flagsOfFish(command)).toEqual(flagsOfHelp(command));
    return Promise.resolve();
  });

  test("zsh does", () => {
    const text = readFileSync(`${FOLDER}/_landlockd`, "utf8");
    for (const flag of flagsOfHelp(command)) expect(text).toContain(`${flag}[`);
  });
});
