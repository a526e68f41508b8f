/** What is on record of a broker's decisions: each of its events, and what is in it. */
import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { brokeredPrograms, prepare } from "./policies.ts";

const EEXIST = 17;
const EXDEV = 18;
const EPERM = 1;

/** Each operation by one call, from a working directory in scratch. */
const PROGRAM = `
import errno, os
os.chdir(SCRATCH)
def tried(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass
os.mkdir("dir")
tried(os.mkdir, "dir")
os.mknod("node", 0o600)
os.mkfifo(SCRATCH + "/fifo")
os.close(os.open("made", os.O_CREAT | os.O_WRONLY))
os.close(os.open("made", os.O_RDWR))
os.close(os.open("dir/../made", os.O_RDONLY))
os.truncate("made", 3)
os.symlink("to nothing", "link")
os.link("made", "second")
os.rename("second", "third")
tried(os.rename, "third", OUTSIDE + "/third")
os.rename("third", EXPORT + "/published")
tried(os.rename, "fifo", EXPORT + "/fifo")
os.unlink("node")
os.rmdir("dir")
`;

asUsers("each decision is on record, with what was asked for and what came of it", async (box) => {
  const { scratch, out } = prepare(box);
  const outside = box.path("outside");
  const names = { SCRATCH: scratch, OUTSIDE: outside, EXPORT: out };
  const program = Object.entries(names).reduce(
    (text, [name, path]) => text.replaceAll(name, JSON.stringify(path)),
    PROGRAM,
  );
  const policy = brokeredPrograms({ scratch: [scratch], export: [out] });
  const result = await run(box, { policy, argv: ["/usr/bin/python3", "-S", "-c", program], audit: true });
  expect([result.stderr, result.status]).toEqual(["", 0]);
  const events = result.events.filter(({ event }) => event.startsWith("broker."));
  const at = (name: string): string => `${scratch}/${name}`;
  const allow = { decision: "allow" };
  const open = { event: "broker.open", syscall: "openat", scope: "scratch", ...allow };
  const moved = { published: false, ...allow };
  const pid = result.events.find(({ event }) => event === "run.start")?.["pid"];
  expect(events.map(({ component, timestamp, run_id, job_id, ...rest }) => rest)).toEqual(
    [
      { event: "broker.mkdir", operation: "mkdir", syscall: "mkdir", path: at("dir"), ...allow },
      {
        event: "broker.mkdir",
        operation: "mkdir",
        syscall: "mkdir",
        path: at("dir"),
        decision: "error",
        errno: EEXIST,
      },
      { event: "broker.mknod", operation: "mknod", syscall: "mknodat", path: at("node"), ...allow },
      { event: "broker.mknod", operation: "mknod", syscall: "mknodat", path: at("fifo"), ...allow },
      { ...open, operation: "create", path: at("made") },
      { ...open, operation: "read_write", path: at("made") },
      { ...open, operation: "read", path: at("dir/../made") },
      { event: "broker.truncate", operation: "truncate", syscall: "truncate", path: at("made"), ...allow },
      {
        event: "broker.symlink",
        operation: "symlink",
        syscall: "symlink",
        target: "to nothing",
        path: at("link"),
        ...allow,
      },
      {
        event: "broker.link",
        operation: "link",
        syscall: "link",
        old_path: at("made"),
        new_path: at("second"),
        ...moved,
      },
      {
        event: "broker.rename",
        operation: "rename",
        syscall: "rename",
        old_path: at("second"),
        new_path: at("third"),
        ...moved,
      },
      {
        event: "broker.rename",
        operation: "rename",
        syscall: "rename",
        old_path: at("third"),
        new_path: `${outside}/third`,
        published: false,
        decision: "deny",
        errno: EXDEV,
      },
      {
        event: "broker.rename",
        operation: "rename",
        syscall: "rename",
        old_path: at("third"),
        new_path: `${out}/published`,
        ...moved,
        published: true,
      },
      {
        event: "broker.rename",
        operation: "rename",
        syscall: "rename",
        old_path: at("fifo"),
        new_path: `${out}/fifo`,
        published: false,
        decision: "deny",
        errno: EPERM,
      },
      { event: "broker.unlink", operation: "unlink", syscall: "unlink", path: at("node"), ...allow },
      { event: "broker.rmdir", operation: "rmdir", syscall: "rmdir", path: at("dir"), ...allow },
    ].map((event) => ({ ...event, pid })) as never,
  );
});
