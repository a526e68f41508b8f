import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { insideOnly } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

asUsers("a hard link brings no outside file into the grants", async (box) => {
  const secret = box.write("outside/secret", "secret");
  const prepare = (): void => {
    box.remove("inside");
    box.mkdir("inside");
  };
  const rows: Row[] = [
    row(["link", secret, box.path("inside/link")], "OK", "EXDEV"),
    row(["linkat", secret, box.path("inside/linkat")], "OK", "EXDEV"),
    row(["linkat", `/proc/self/root${secret}`, box.path("inside/root")], "OK", "EXDEV"),
    row(["link_through_proc", secret, box.path("inside/proc")], "OK", "EXDEV"),
  ];
  await expectClaim(box, { probe: "tree", policy: insideOnly(box, [probePath("tree")]), rows, prepare });
  expect(readdirSync(box.path("inside"))).toEqual([]);
});

asUsers("a granted file can't be linked or moved to where more is allowed", async (box) => {
  const granted = box.write("readonly/file", "read me");
  const prepare = (): void => {
    box.write("readonly/file", "read me");
    box.remove("inside");
    box.mkdir("inside");
  };
  const readonly = { path: box.path("readonly"), rights: ["read_file", "read_dir", "remove_file", "refer"] };
  const rows: Row[] = [
    row(["linkat", granted, box.path("inside/linked")], "OK", "EXDEV"),
    row(["renameat2", granted, box.path("inside/moved")], "OK", "EXDEV"),
  ];
  await expectClaim(box, { probe: "tree", policy: insideOnly(box, [probePath("tree")], [readonly]), rows, prepare });
});
