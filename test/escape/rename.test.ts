import { expect } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { insideOnly } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

const NAMES = ["rename", "renameat", "renameat2"] as const;

asUsers("a rename moves nothing in or out of the grants", async (box) => {
  const prepare = (): void => {
    box.remove("inside");
    box.remove("outside");
    box.write("inside/exchanged", "inside");
    box.write("outside/exchanged", "outside");
    for (const name of NAMES) {
      box.write(`outside/${name}-in`, "outside");
      box.write(`inside/${name}-out`, "inside");
      box.write(`outside/${name}-here`, "outside");
    }
  };
  const rows: Row[] = NAMES.flatMap((name) => [
    row([name, box.path(`outside/${name}-in`), box.path(`inside/${name}-in`)], "OK", "EACCES"),
    row([name, box.path(`inside/${name}-out`), box.path(`outside/${name}-out`)], "OK", "EACCES"),
    row([name, box.path(`outside/${name}-here`), box.path(`outside/${name}-there`)], "OK", "EACCES"),
  ]);
  const exchange = row(
    ["rename_exchange", box.path("inside/exchanged"), box.path("outside/exchanged")],
    "OK",
    "EACCES",
  );
  const policy = insideOnly(box, [probePath("tree")]);
  await expectClaim(box, { probe: "tree", policy, rows: [...rows, exchange], prepare });
  expect(existsSync(box.path("inside/rename-in"))).toBe(false);
  expect(readdirSync(box.path("outside")).sort()).toEqual(
    ["exchanged", ...NAMES.flatMap((name) => [`${name}-here`, `${name}-in`])].sort(),
  );
});
