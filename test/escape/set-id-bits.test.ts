import { expect } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { opening, systemAndInside, VERSION_ONLY } from "../harness/policies.ts";

const SPELLINGS = ["fchmod", "fchmodat", "fchmodat2", "chmod", "chmod_high_bits"];

function modeRows(path: string): Row[] {
  return SPELLINGS.flatMap((spelling) => [
    row([spelling, "4755", path], "OK", "EPERM"),
    row([spelling, "2755", path], "OK", "EPERM"),
    row([spelling, "1755", path], "OK", "OK"),
    row([spelling, "0755", path], "OK", "OK"),
  ]);
}

/** A file that the policy doesn't grant: Landlock has no right for its mode. */
function target(box: Box): string {
  return box.write("outside/program", "#!/bin/sh\n", 0o755);
}

asUsers("no file, granted or not, gets a setuid or setgid bit that others would run it with", async (box) => {
  const path = target(box);
  await expectClaim(box, { probe: "mode", policy: VERSION_ONLY, rows: modeRows(path) });
  expect(statSync(path).mode & 0o7777).toBe(0o755);
});

const MAKERS = ["openat", "openat_high", "open", "creat", "tmpfile", "mknod", "mknodat", "mknodat_untyped"];

asUsers("no file is made with a setuid or setgid bit, by any spelling", async (box) => {
  const path = box.path("inside/made");
  const refused = MAKERS.flatMap((spelling) => [
    row(["make", spelling, "4755", path], "OK", "EPERM"),
    row(["make", spelling, "2755", path], "OK", "EPERM"),
    row(["make", spelling, "2705", path], "OK", "EPERM"),
    row(["make", spelling, "1755", path], "OK", "OK"),
    row(["make", spelling, "0755", path], "OK", "OK"),
  ]);
  // Its mode is in memory: whatever that is, the call isn't there.
  const unseen = ["2705", "0755"].map((mode) => row(["make", "openat2", mode, path], "OK", "ENOSYS"));
  await expectClaim(box, { probe: "mode", policy: VERSION_ONLY, rows: [...refused, ...unseen] });
});

asUsers("no setgid program is left to others by an ACL", async (box) => {
  const path = box.path("inside/left");
  const rows = MAKERS.map((spelling) => row(["leave_setgid", spelling, path], "OK", "EPERM"));
  await expectClaim(box, {
    probe: "mode",
    policy: VERSION_ONLY,
    rows: [...rows, row(["leave_setgid", "openat2", path], "OK", "ENOSYS")],
  });
});

asUsers("no file gets capabilities that its executors would have", async (box) => {
  const outside = box.user.uid === 0 ? "OK" : "EPERM";
  const rows = [row(["capability", target(box)], outside, "EPERM")];
  await expectClaim(box, { probe: "mode", policy: VERSION_ONLY, rows });
});

asUsers("what opens no file as a setuid one is as it was: folders, and modes that mean nothing", async (box) => {
  const folder = box.path("inside/folder");
  const rows = [row(["folder", "2775", folder], "OK", "OK"), row(["there", "6755", target(box)], "OK", "OK")];
  await expectClaim(box, { probe: "mode", policy: VERSION_ONLY, rows });
});

asUsers("a folder that is made in a setgid folder has its group and its bit", async (box) => {
  const shared = box.mkdir("inside/shared");
  chmodSync(shared, 0o2775);
  const argv = ["/bin/mkdir", "-p", join(shared, "a/b")];
  expect(await run(box, { policy: systemAndInside(box), argv })).toMatchObject({ status: 0, stderr: "" });
  expect(statSync(join(shared, "a/b")).mode & 0o7000).toBe(0o2000);
});

asUsers("programs that copy files with their modes and attributes work", async (box) => {
  const from = box.mkdir("inside/from");
  box.write("inside/from/tool", "#!/bin/sh\necho tool\n", 0o755);
  box.write("inside/from/note", "note", 0o640);
  // The mode of a setgid program isn't copied without -p, and the rest of it is.
  chmodSync(box.write("inside/setgid", "x"), 0o2755);
  const to = (name: string): string => box.path(`inside/${name}`);
  const shown = (name: string): string => `755 tool, 640 note, kept: ${name}\n`;
  const show = `python3 -c "import os, sys; d = sys.argv[1]; mode = lambda name: oct(os.stat(d + name).st_mode & 0o7777)[2:];
print(mode('/tool'), 'tool,', mode('/note'), 'note,', os.getxattr(d + '/note', 'user.note').decode() + ':', os.path.basename(d))"`;
  const script = `set -e
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.note", b"kept")' ${from}/note
    cp -a ${from} ${to("cp")}
    tar -C ${from} --xattrs -cf ${to("a.tar")} . && mkdir ${to("tar")} && tar -C ${to("tar")} --xattrs -xpf ${to("a.tar")}
    python3 -c 'import shutil, sys; shutil.copytree(*sys.argv[1:])' ${from} ${to("python")}
    for each in cp tar python; do ${show} ${box.path("inside")}/$each; done
    install -m 755 ${from}/tool ${to("installed")}
    cp ${to("setgid")} ${to("plain")}
    stat -c %a ${to("installed")} ${to("plain")}`;
  const result = await run(box, { policy: systemAndInside(box), argv: ["/bin/sh", "-c", script] });
  expect(result).toMatchObject({ stderr: "", stdout: `${shown("cp")}${shown("tar")}${shown("python")}755\n755\n` });
});

asUsers("create.set_id and openat2 open it", async (box) => {
  const path = box.path("inside/made");
  const rows = [...MAKERS, "openat2"].map((spelling) => row(["make", spelling, "2705", path], "OK", "OK"));
  const policy = VERSION_ONLY + opening("create.set_id", "openat2");
  await expectClaim(box, { probe: "mode", policy, rows });
});

asUsers("chmod.set_id opens it", async (box) => {
  const path = target(box);
  const policy = `${systemAndInside(box)}\n[seccomp]\nallow = ["chmod.set_id"]\n`;
  expect(await run(box, { policy, argv: ["chmod", "4755", path] })).toMatchObject({ status: 0, stderr: "" });
  expect(statSync(path).mode & 0o7777).toBe(0o4755);
});
