import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { FS_RIGHTS, insideOnly } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

/** Rights without which nothing in `inside` can be executed. */
const NO_EXECUTE = FS_RIGHTS.filter((right) => right !== "execute");

async function plant(box: Box, name: string): Promise<string> {
  return box.write(name, await Bun.file(probePath("exec")).bytes(), 0o755);
}

asUsers("a program outside the grants can't be executed, however it is named", async (box) => {
  const program = await plant(box, "outside/program");
  const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");
  const rows = [
    denied("execve", program),
    denied("execve", `/proc/self/root${program}`),
    denied("execveat", program),
    denied("execveat_dirfd", box.path("outside"), "program"),
    denied("execveat_dirfd", box.path("inside"), "../outside/program"),
    denied("execveat_empty", program),
    denied("execve_proc_fd", program),
  ];
  await expectClaim(box, { probe: "exec", policy: insideOnly(box, [probePath("exec")]), rows });
});

asUsers("a program that may be read but not executed can't be executed", async (box) => {
  const program = await plant(box, "outside/program");
  const readable = { path: program, rights: ["read_file"] };
  const rows = [row(["execve", program], "OK", "EACCES"), row(["execveat_empty", program], "OK", "EACCES")];
  await expectClaim(box, { probe: "exec", policy: insideOnly(box, [probePath("exec")], [readable]), rows });
});

asUsers("a copy made where files may be written can't be executed", async (box) => {
  const program = await plant(box, "outside/program");
  const grants = [
    { path: program, rights: ["read_file"] },
    { path: box.mkdir("writable"), rights: NO_EXECUTE },
  ];
  const copy = box.path("writable/copy");
  const prepare = (): void => box.remove("writable/copy");
  const rows = [
    row(["unlinked_exec", program, copy], "OK", "EACCES"),
    row(["tmpfile_exec", program, box.path("writable")], "OK", "EACCES"),
    row(["copy_exec", program, copy], "OK", "EACCES"),
  ];
  await expectClaim(box, { probe: "exec", policy: insideOnly(box, [probePath("exec")], grants), rows, prepare });
});

asUsers("a copy in a memfd can't be executed", async (box) => {
  const program = await plant(box, "outside/program");
  const grants = [{ path: program, rights: ["read_file"] }];
  const rows = [
    row(["memfd_exec", "0", program], "OK", "EACCES"),
    row(["memfd_exec", "1", program], "OK", "EACCES"),
    row(["memfd_exec", "10", program], "OK", "EACCES"),
    row(["memfd_create", "0"], "OK", "EACCES"),
    // Sealed against execution: what a program that only wants memory asks for, and what stays possible.
    row(["memfd_create", "8"], "OK", "OK"),
    row(["memfd_exec", "8", program], "EACCES", "EACCES"),
    row(["memfd_chmod", "8"], "EPERM", "EPERM"),
  ];
  await expectClaim(box, { probe: "exec", policy: insideOnly(box, [probePath("exec")], grants), rows });
});
