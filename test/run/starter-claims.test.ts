/**
 * What the comments of the starter policies say, sentence by sentence: each is found in its file, and is so. The script
 * of a claim tells it by what it prints outside, the control, and inside.
 */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { probePath } from "../harness/probe.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";
import { projectOptions, runNamed } from "../harness/project.ts";
import { startVictim } from "../harness/victim.ts";

interface Claim {
  readonly says: string;
  /** Each line of it prints a word where it succeeds. */
  readonly script: string;
  readonly outside: string;
  readonly inside: string;
}

/** The comments of a policy as running text. */
function commentsOf(policy: string): string {
  const text = readFileSync(resolve(import.meta.dir, `../../policies/${policy}.toml`), "utf8");
  return text.replace(/\n\s*# ?/g, " ").replace(/\s+/g, " ");
}

async function expectClaims(box: Box, policy: string, claims: readonly Claim[]): Promise<void> {
  const options = projectOptions(box);
  const words = ({ stdout }: ProcessResult): string => stdout.trim().split("\n").join(" ");
  for (const { says, script, outside, inside } of claims) {
    const argv = ["/bin/bash", "-c", script];
    expect(commentsOf(policy)).toContain(says);
    expect([says, words(await runProcess(box, argv, options))]).toEqual([says, outside]);
    expect([says, words(await runNamed(box, policy, argv))]).toEqual([says, inside]);
  }
}

/** Brings a static probe to where the policies let it be executed. */
async function take(box: Box, name: string): Promise<void> {
  box.write(`inside/${name}`, await Bun.file(probePath(name)).bytes(), 0o755);
}

asUsers("hermetic-build is as its comments say", async (box) => {
  await take(box, "net");
  await take(box, "pair");
  box.write("home/.gitconfig", "[user]\n");
  const family = (number: number): string => `./net socket ${number} 3 0`;
  await expectClaims(box, "hermetic-build", [
    {
      says: "with no network at all",
      script: "./net socket 2 1 0 + socket 2 2 0 + socket 10 1 0 + socket 10 2 0 + socket 16 3 0",
      outside: "socket OK socket OK socket OK socket OK socket OK",
      inside: Array(5).fill("socket EAFNOSUPPORT").join(" "),
    },
    {
      says: "no settings of the user",
      script: 'cat "$HOME/.gitconfig"',
      outside: "[user]",
      inside: "",
    },
    {
      says: "no list of processes",
      script: 'test -n "$(ls /proc)" && echo listed; test -n "$(cat /proc/self/status)" && echo own',
      outside: "listed own",
      inside: "",
    },
    {
      says: "no socket is made that has an address or could get one, not even one of UNIX",
      script: `./net socket 1 1 0 + socket 1 2 0 + socket 1 5 0; ${family(1)}`,
      outside: "socket OK socket OK socket OK socket OK",
      inside: Array(4).fill("socket EAFNOSUPPORT").join(" "),
    },
    {
      says: "What still works are pipes, and pairs of stream sockets (also SOCK_SEQPACKET)",
      script: "echo through | cat; ./pair pair 1 + pair 5",
      outside: "through pair OK pair OK",
      inside: "through pair OK pair OK",
    },
    {
      says: "pairs of datagram sockets don't",
      script: "./pair pair 2 + pair 3",
      outside: "pair OK pair OK",
      inside: "pair EAFNOSUPPORT pair EAFNOSUPPORT",
    },
  ]);
});

asUsers("ci-default is as its comments say", async (box) => {
  await take(box, "net");
  const { pid } = await startVictim(box);
  box.write("home/.gitconfig", "[user]\n\tname = somebody\n");
  const isRoot = box.user.uid === 0;
  const proc = `/proc/${pid}`;
  await expectClaims(box, "ci-default", [
    {
      says: '"refer" lets files be moved between folders',
      script: 'echo x > moved && mv -n moved "$TMPDIR/moved" && ln "$TMPDIR/moved" linked && cat linked && rm linked',
      outside: "x",
      inside: "x",
    },
    {
      says: "everything but device nodes",
      script: "mkfifo fifo && rm fifo && echo fifo; mknod null c 1 3 && rm null && echo device",
      outside: isRoot ? "fifo device" : "fifo",
      inside: "fifo",
    },
    {
      says: "Not the whole of /etc: it holds password hashes and private keys",
      script:
        'test -n "$(cat /etc/shadow)" && echo hashes; test -n "$(ls /etc/ssl)" && echo keys; test -e /etc/shadow && echo there',
      outside: isRoot ? "hashes keys there" : "keys there",
      inside: "there",
    },
    {
      says: "Git refuses to work when it can't read the settings that it finds",
      script: "git config user.name",
      outside: "somebody",
      inside: "somebody",
    },
    {
      says: "Other terminals (/dev/pts) stay closed",
      script: "ls /dev/pts >/dev/null && echo listed; : <>/dev/null && echo null",
      outside: "listed null",
      inside: "null",
    },
    {
      says: "/proc also shows the names and command lines of other processes",
      script: `grep -c . ${proc}/cmdline; tr -d '\\n' < ${proc}/comm`,
      outside: "1 victim",
      inside: "1 victim",
    },
    {
      says: "their memory, environment and open files stay closed, because they are outside this sandbox",
      script: `: < ${proc}/mem && echo mem; test -n "$(tr -d '\\0' < ${proc}/environ)" && echo environ; readlink ${proc}/fd/0 >/dev/null && echo files`,
      outside: "mem environ files",
      inside: "",
    },
    {
      says: "No TCP",
      script: "./net socket 2 1 0 + socket 10 1 0",
      outside: "socket OK socket OK",
      inside: "socket EACCES socket EACCES",
    },
  ]);
});
