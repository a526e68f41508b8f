/** Whose the terminal is after a run: as without landlockd, whoever took it meanwhile. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { runArgv } from "../harness/landlockd.ts";
import { storable } from "../harness/policies.ts";
import { openTerminal } from "../harness/terminal.ts";

const CTRL_Z = "\x1a";
const PROC = '[mount]\nproc = ["/proc"]\n';
const INTERACTIVE = ["/bin/bash", "--norc", "--noprofile", "-i"];

const scratchOf = (box: Box): string => box.mkdir("scratch");
const brokered = (box: Box): string => `[broker]\nscratch = [${JSON.stringify(scratchOf(box))}]\n`;

/** Who stays for a run, by what is added to its policy and flags. */
const KINDS: Readonly<Record<string, (box: Box) => Promise<{ policy: string; flags?: string[] }>>> = {
  "nobody stays": (box) => Promise.resolve({ policy: storable(box) }),
  "a PID namespace": (box) => Promise.resolve({ policy: storable(box) + PROC }),
  "a record": (box) => Promise.resolve({ policy: storable(box), flags: ["--audit", box.path("audit.jsonl")] }),
  "a PID namespace and a broker": (box) => Promise.resolve({ policy: storable(box) + PROC + brokered(box) }),
  "a PID namespace and a daemon": async (box) => {
    const { socket } = await startDaemon(box);
    return { policy: storable(box) + PROC + brokered(box), flags: ["--socket", socket] };
  },
};

/** A shell that takes the terminal for a group of its own, and one that ends without giving it back. */
const LAST_WORDS = ["exit", "kill -9 $$"];

/** Runs it under a shell without job control, which has the terminal after it. */
async function readAfter(box: Box, argv: readonly string[], lastWords: string): Promise<void> {
  const script = '"$@"; read -r line && echo "got $line"';
  const session = openTerminal(box, ["/bin/sh", "-c", script, "sh", ...argv]);
  await session.see(/\$ $/);
  // A request that Bun answers, where there is a broker.
  session.type(`echo > ${scratchOf(box)}/file; echo $((40 + 2))\n`);
  await session.see(/42\r/);
  session.type(`${lastWords}\nline\n`);
  await session.see(/got line/);
  expect(await session.ended()).toEqual({ status: 0, signal: null });
}

asUsers("without landlockd the terminal is given back", async (box) => {
  await readAfter(box, INTERACTIVE, "exit");
});

for (const [who, kind] of Object.entries(KINDS)) {
  for (const lastWords of LAST_WORDS) {
    // Where nobody stays, nobody gives back what a killed shell had, as without landlockd.
    if (who === "nobody stays" && lastWords !== "exit") continue;
    asUsers(`${who}: the terminal is given back by a shell that ends by ${lastWords}`, async (box) => {
      const { policy, flags = [] } = await kind(box);
      await readAfter(box, runArgv(box, { policy, argv: INTERACTIVE, flags }), lastWords);
    });
  }
}

asUsers("a run that ends in the background takes the terminal from nobody", async (box) => {
  const go = box.path("inside/go");
  const script = `echo begun; until [ -e ${go} ]; do sleep 0.1; done`;
  const argv = runArgv(box, { policy: storable(box) + PROC, argv: ["/bin/sh", "-c", `'${script}'`] });
  const session = openTerminal(box, INTERACTIVE);
  session.type(`stty -echo; PS1='prompt> '\n`);
  await session.see(/prompt> $/);
  session.type(`${argv.join(" ")}\n`);
  await session.see(/begun\r/);
  session.type(CTRL_Z);
  await session.see(/Stopped[\s\S]*prompt> $/);
  session.type("p=$(jobs -p); bg\n");
  await session.see(/prompt> $/);
  session.type(`sh -c 'echo > ${go}; while kill -0 '$p' 2>/dev/null; do sleep 0.1; done; read x; echo got $x'\nline\n`);
  await session.see(/got line/);
});
