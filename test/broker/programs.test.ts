import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { baseEnv } from "../harness/process.ts";
import { brokeredPrograms, prepare } from "./policies.ts";

/** A shell script in a scratch folder, with nothing else writable. What it prints, if it went well. */
async function inScratch(box: Box, script: string): Promise<string> {
  const { scratch } = prepare(box);
  const env = { ...baseEnv(box), HOME: scratch, TMPDIR: scratch };
  const policy = brokeredPrograms({ scratch: [scratch] });
  const result = await run(box, { policy, env, cwd: scratch, argv: ["/bin/sh", "-euc", script] });
  expect([result.stderr, result.status]).toEqual(["", 0]);
  return result.stdout;
}

asUsers("tar and cp -a keep links, modes and times", async (box) => {
  const script = [
    "mkdir src; echo 1 > src/a; ln -s a src/l; ln src/a src/h; mkfifo src/f; chmod 600 src/a; touch -d 2020-01-02 src/a",
    "tar cf t.tar src; mkdir x; tar xpf t.tar -C x; cp -a src y",
    "for each in src x/src y; do (cd $each; stat -c '%n %f %h %Y' a l h f | sed '/^[lf] /s/ [0-9]*$//'); done",
  ].join("\n");
  const lines = (await inScratch(box, script)).trim().split("\n");
  expect(lines).toHaveLength(12);
  expect(lines.slice(4, 8)).toEqual(lines.slice(0, 4));
  expect(lines.slice(8)).toEqual(lines.slice(0, 4));
});

asUsers("git makes a repository, commits, packs and clones", async (box) => {
  const script = [
    "git init -q r && cd r && git config user.email t@example.invalid && git config user.name t",
    "echo content > file && git add file && git commit -qm first && git gc -q",
    "git checkout -qb other && cd .. && git clone -q r copy && cat copy/file && git -C copy fsck && git -C copy log --format=%s",
  ].join("\n");
  expect(await inScratch(box, script)).toBe("content\nfirst\n");
});

asUsers("mktemp, sed -i, make and a compiler", async (box) => {
  const script = [
    'test -f "$(mktemp)" && test -d "$(mktemp -d)"',
    "echo aaa > s && sed -i s/a/b/ s && cat s",
    "printf 'int main(void){return 0;}\\n' > m.c && printf 'm: m.c\\n\\tgcc -o $@ $<\\n' > Makefile && make -s m && test -x m && echo built",
  ].join("\n");
  expect(await inScratch(box, script)).toBe("baa\nbuilt\n");
});

asUsers("SQLite with a journal and with a write-ahead log", async (box) => {
  const script = [
    "sqlite3 db 'create table t(a); begin; insert into t values(1); insert into t values(2); commit; select count(*) from t;'",
    "sqlite3 db 'pragma journal_mode=wal; insert into t values(3); select count(*) from t;'",
  ].join("\n");
  expect(await inScratch(box, script)).toBe("2\nwal\n3\n");
});

asUsers("npm init", async (box) => {
  const script =
    'mkdir n && cd n && npm init -y --offline --no-update-notifier >/dev/null && grep -c \'"name": "n"\' package.json';
  expect(await inScratch(box, script)).toBe("1\n");
});
