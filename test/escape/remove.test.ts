import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { insideOnly } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

const FILES = ["unlink", "unlinkat"] as const;
const FOLDERS = ["rmdir", "unlinkat_dir"] as const;

asUsers("nothing outside the grants can be removed", async (box) => {
  const prepare = (): void => {
    for (const name of FILES) box.write(`outside/${name}`, "kept");
    for (const name of FOLDERS) box.mkdir(`outside/${name}`);
  };
  const rows: Row[] = [...FILES, ...FOLDERS].map((name) => row([name, box.path(`outside/${name}`)], "OK", "EACCES"));
  await expectClaim(box, { probe: "tree", policy: insideOnly(box, [probePath("tree")]), rows, prepare });
  expect(readdirSync(box.path("outside")).sort()).toEqual([...FILES, ...FOLDERS].sort());
});
