/** Small projects that real programs work on, in the box's `inside`, which is then the work folder of the run. */
import type { Box } from "./box.ts";
import { landlockd } from "./landlockd.ts";
import { baseEnv, type ProcessOptions, type ProcessResult, runProcess } from "./process.ts";

/** A run in `inside`, with a temporary folder beneath it, so that the box's other folders are granted by nothing. */
export function projectOptions(box: Box): ProcessOptions {
  const env = { ...baseEnv(box), HOME: box.mkdir("home"), TMPDIR: box.mkdir("inside/tmp") };
  return { cwd: box.path("inside"), env };
}

/** `argv` in the work folder under a policy's name. */
export async function runNamed(
  box: Box,
  policy: string,
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return await landlockd(box, ["run", "--policy", policy, "--", ...argv], { ...projectOptions(box), ...options });
}

/** A shell script in the work folder under a policy's name. */
export async function shellNamed(box: Box, policy: string, script: string): Promise<ProcessResult> {
  return await runNamed(box, policy, ["/bin/sh", "-euc", script]);
}

/** A program of two files, with a Makefile that builds and tests it. */
export function writeProject(box: Box): void {
  box.write("inside/greet.h", "const char *greeting(void);\n");
  box.write("inside/greet.c", '#include "greet.h"\nconst char *greeting(void) { return "hello"; }\n');
  box.write(
    "inside/main.c",
    '#include <stdio.h>\n#include <math.h>\n#include "greet.h"\nint main(int c, char **v) { (void)v; printf("%s %.0f\\n", greeting(), sqrt(c)); return 0; }\n',
  );
  box.write(
    "inside/Makefile",
    [
      "hello: main.o greet.o",
      "\t$(CC) -o $@ $^ -lm",
      "%.o: %.c greet.h",
      "\t$(CC) -O2 -Wall -c -o $@ $<",
      "test: hello",
      "\t./hello | grep -q '^hello 1$$'",
      "\tdate > stamp && install -m 644 stamp installed && sed -i s/:/-/ installed",
      "clean:",
      "\trm -rf hello *.o stamp installed",
      "",
    ].join("\n"),
  );
}

/** A repository with one commit, at `inside/upstream.git`. */
export async function writeRepository(box: Box): Promise<string> {
  const script = [
    "git init -q --bare upstream.git",
    "git init -q work && cd work && echo content > file && git add file",
    "git -c user.name=t -c user.email=t@example.invalid commit -qm first",
    "git push -q ../upstream.git HEAD:refs/heads/main && cd .. && rm -rf work",
    "git --git-dir=upstream.git symbolic-ref HEAD refs/heads/main",
  ].join(" && ");
  const result = await runProcess(box, ["/bin/sh", "-euc", script], projectOptions(box));
  if (result.status !== 0) throw new Error(result.stderr);
  return box.path("inside/upstream.git");
}
