/** A socket in a folder like /tmp, where every user makes names: who serves there is looked at before anything is sent. */
import { expect } from "bun:test";
import { chmodSync, chownSync, existsSync, linkSync, lstatSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { type Box, openBox } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { type Daemon, startDaemon, stopDaemon } from "../harness/daemon.ts";
import { landlockd, landlockdPath } from "../harness/landlockd.ts";
import { brokeredPolicy, systemAndInside } from "../harness/policies.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";
import { UNPRIVILEGED } from "../harness/user.ts";
import { until } from "../harness/within.ts";

const OTHER_ID = 61_235;

/** A folder that everybody may write, sticky as /tmp is, and of this user. */
function sharedFolder(box: Box, owner: number, mode = 0o1777): string {
  const folder = box.mkdir(`shared-${owner}-${mode.toString(8)}`);
  chmodSync(folder, mode);
  chownSync(folder, owner, owner);
  return folder;
}

const folderOf = (box: Box): string => sharedFolder(box, process.getuid?.() ?? box.user.uid);

const serve = (box: Box, socket: string): Promise<ProcessResult> =>
  runProcess(box, [landlockdPath(), "serve", "--socket", socket], { timeoutMs: 30_000 });

async function held(box: Box, socket: string, policy: string, argv: readonly string[]): Promise<ProcessResult> {
  return await landlockd(box, ["run", "--socket", socket, "--policy-file", policy, "--", ...argv]);
}

const plain = (box: Box, about = ""): string => box.write("plain.toml", `# ${about}\n${systemAndInside(box)}`);

/** A listener of another user's that keeps what it is sent in a file: type is SOCK_SEQPACKET or SOCK_DGRAM. */
async function impostor(box: Box, socket: string, type: string, uid = OTHER_ID): Promise<string> {
  const log = `${socket}.log`;
  const script = `
import os, socket, sys
path, log, type = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, getattr(socket, type))
os.umask(0)
s.bind(path)
got = open(log, "wb", buffering=0)
if type == "SOCK_DGRAM":
    while True: got.write(b"sent: " + s.recv(65536))
s.listen(8)
while True:
    c, _ = s.accept()
    data = c.recv(65536)
    got.write(b"sent: " + data if data else b"hung up ")
`;
  const child = Bun.spawn(
    [
      "setpriv",
      `--reuid=${uid}`,
      `--regid=${uid}`,
      "--clear-groups",
      "/usr/bin/python3",
      "-c",
      script,
      socket,
      log,
      type,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  await until("the impostor", () => existsSync(log) || undefined);
  return log;
}

asUsers("a sticky folder holds a daemon's socket of 0600, and its register", async (box) => {
  box.mkdir(".cache");
  for (const owner of new Set([process.getuid?.() ?? 0, box.user.uid])) {
    const socket = `${sharedFolder(box, owner)}/landlockd.sock`;
    const daemon = await startDaemon(box, [], ["/bin/sh", "-c", 'umask 0; exec "$@"', "sh"], socket);
    const stats = lstatSync(socket);
    expect([stats.isSocket(), stats.mode & 0o777, stats.uid]).toEqual([true, 0o600, box.user.uid]);
    const brokered = box.write("brokered.toml", brokeredPolicy(box));
    expect((await held(box, socket, brokered, ["/bin/echo", "held"])).stdout).toBe("held\n");
    expect((await held(box, socket, plain(box, socket), ["/bin/echo", "asks"])).stdout).toBe("asks\n");
    await daemon.status();
    const [entry] = registersOf(daemon);
    expect([entry !== undefined, lstatSync(entry ?? "").mode & 0o777]).toEqual([true, 0o600]);
    expect((await held(box, socket, plain(box, socket), ["/bin/echo", "enters"])).stdout).toBe("enters\n");
    const { runs, plans } = await daemon.status();
    // The third didn't ask for a plan.
    expect([runs.total, plans.hits + plans.misses]).toEqual([3, 2]);
    expect((await stopDaemon(box, daemon)).status).toBe(0);
    expect([existsSync(socket), registersOf(daemon)]).toEqual([false, []]);
  }
});

function registersOf({ socket }: Daemon): string[] {
  const folder = dirname(socket);
  return readdirSync(folder).flatMap((name) =>
    /^landlockd\.sock\.[0-9a-f]{16}$/.test(name) ? [`${folder}/${name}`] : [],
  );
}

asUsers("in a sticky folder a dead daemon's socket is replaced, a live one's isn't", async (box) => {
  const socket = `${folderOf(box)}/landlockd.sock`;
  const first = await startDaemon(box, [], [], socket);
  expect((await serve(box, socket)).stderr).toContain("somebody listens there");
  first.kill("SIGKILL");
  await first.ended;
  const second = await startDaemon(box, [], [], socket);
  expect((await second.status()).pid).toBe(second.pid);
});

asUsers("a folder without the sticky bit, or of a third user, is no place for a socket", async (box) => {
  const folders = [sharedFolder(box, box.user.uid, 0o777), sharedFolder(box, box.user.uid, 0o775)];
  if (process.getuid?.() === 0) folders.push(sharedFolder(box, 0, 0o777), sharedFolder(box, OTHER_ID, 0o1777));
  for (const folder of folders) {
    const result = await serve(box, `${folder}/landlockd.sock`);
    expect([folder, result.status, readdirSync(folder)]).toEqual([folder, 2, []]);
    expect(result.stderr).toMatch(/its folder (is open to others|belongs to uid)/);
  }
});

/** As root, who can be another user; the box is root's, the victims are both. */
function asVictims(name: string, body: (box: Box, victim: Box) => Promise<void>): void {
  asRoot(name, async (box) => {
    for (const user of [box.user, UNPRIVILEGED]) {
      await using victim = openBox(user);
      await body(box, victim);
    }
  });
}

asVictims("another user who was first is neither replaced nor sent anything", async (box, victim) => {
  const socket = `${sharedFolder(box, 0)}/${victim.user.uid}.sock`;
  const log = await impostor(box, socket, "SOCK_SEQPACKET");
  const refused = await serve(victim, socket);
  expect([refused.status, refused.stderr]).toEqual([
    2,
    expect.stringContaining(`a socket of uid ${OTHER_ID} stands there`),
  ]);
  for (let turn = 0; turn < 2; turn++) {
    const result = await held(victim, socket, plain(victim), ["/bin/echo", "ran"]);
    expect([result.status, result.stdout]).toEqual([125, ""]);
    expect(result.stderr).toContain(`uid ${OTHER_ID}`);
  }
  // A listener whose file is the victim's: what tells is who listens.
  chownSync(socket, victim.user.uid, victim.user.gid);
  for (let turn = 0; turn < 2; turn++) {
    const result = await held(victim, socket, plain(victim), ["/bin/echo", "ran"]);
    expect([result.status, result.stdout]).toEqual([125, ""]);
    expect(result.stderr).toContain(`belongs to uid ${OTHER_ID}, and this is uid ${victim.user.uid}`);
  }
  await until("the impostor to see that", () => (readFileSync(log, "latin1") === "" ? undefined : true));
  expect(readFileSync(log, "latin1")).not.toContain("sent:");
  // Positive control: where it is the victim's own that listens, it is sent something.
  const own = `${dirname(socket)}/own-${victim.user.uid}.sock`;
  const control = await impostor(box, own, "SOCK_SEQPACKET", victim.user.uid);
  const asked = await runProcess(victim, ["/usr/bin/timeout", "2", landlockdPath(), "status", "--socket", own]);
  expect([asked.status !== 0, readFileSync(control, "latin1").startsWith("hung up")]).toEqual([true, true]);
});

asVictims("another user's link leads to no daemon, a link of one's own does", async (box, victim) => {
  const daemon = await startDaemon(victim);
  const folder = sharedFolder(box, 0);
  const [theirs, own] = [`${folder}/theirs-${victim.user.uid}`, `${folder}/own-${victim.user.uid}`];
  for (const link of [theirs, own]) symlinkSync(daemon.socket, link);
  Bun.spawnSync(["chown", "-h", `${OTHER_ID}`, theirs]);
  Bun.spawnSync(["chown", "-h", `${victim.user.uid}`, own]);
  const result = await held(victim, theirs, plain(victim), ["/bin/echo", "ran"]);
  expect([result.status, result.stdout]).toEqual([125, ""]);
  expect(result.stderr).toMatch(new RegExp(`a symlink of uid ${OTHER_ID} stands there|Permission denied`));
  expect((await held(victim, own, plain(victim), ["/bin/echo", "ran"])).stdout).toBe("ran\n");
  linkSync(daemon.socket, `${dirname(daemon.socket)}/second`);
  const brokered = victim.write("brokered.toml", brokeredPolicy(victim));
  const second = await held(victim, daemon.socket, brokered, ["/bin/echo", "ran"]);
  expect([second.status, second.stdout, second.stderr]).toEqual([125, "", expect.stringContaining("has 2 names")]);
});

asVictims("another user at the register's name gets no entry", async (box, victim) => {
  victim.mkdir(".cache");
  const socket = `${sharedFolder(victim, 0)}/landlockd.sock`;
  const daemon = await startDaemon(victim, [], [], socket);
  expect((await held(victim, socket, plain(victim), ["/bin/true"])).status).toBe(0);
  const { plans: before } = await daemon.status();
  const [entry] = registersOf(daemon);
  if (entry === undefined) throw new Error("there is no register");
  Bun.spawnSync(["/bin/rm", entry]);
  const log = await impostor(box, entry, "SOCK_DGRAM");
  expect((await held(victim, socket, plain(victim), ["/bin/echo", "ran"])).stdout).toBe("ran\n");
  const { plans } = await daemon.status();
  expect([plans.hits + plans.misses, readFileSync(log, "latin1")]).toEqual([before.hits + before.misses + 1, ""]);
  // Positive control: one that is the victim's is taken for the register.
  chownSync(entry, victim.user.uid, victim.user.gid);
  expect((await held(victim, socket, plain(victim), ["/bin/echo", "ran"])).stdout).toBe("ran\n");
  await until("the entry", () => (readFileSync(log, "latin1").startsWith("sent:") ? true : undefined));
  Bun.spawnSync(["/bin/rm", "-f", entry, log]);
});

asRoot("another user who holds the folder's lock is named as what is in the way", async (box) => {
  const folder = sharedFolder(box, 0);
  const holder = Bun.spawn(
    [
      "setpriv",
      `--reuid=${OTHER_ID}`,
      "--clear-groups",
      "/usr/bin/flock",
      folder,
      "/bin/sh",
      "-c",
      "echo has; sleep 100",
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  box.defer(async () => {
    holder.kill("SIGKILL");
    await holder.exited;
  });
  await holder.stdout.getReader().read();
  const result = await serve(box, `${folder}/landlockd.sock`);
  expect([result.status, result.stderr]).toEqual([
    2,
    expect.stringContaining("its folder is locked by another program"),
  ]);
});
