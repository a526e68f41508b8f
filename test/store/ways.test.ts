/** A plan comes into the store by C (csrc/run/finish.c) after a plain run, and by TypeScript (src/store/) after any other. */
import { expect } from "bun:test";
import { readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { asUsers } from "../harness/cases.ts";
import { openShelf, type Shelf } from "./shelf.ts";

/** The only plan in the store, by name and bytes, taken out of it. */
function take(shelf: Shelf): { name: string; bytes: string } {
  const [name, ...others] = shelf.names();
  if (name === undefined || others.length > 0) throw new Error("the store doesn't hold one plan");
  const path = join(shelf.plans, name);
  const bytes = readFileSync(path).toString("hex");
  unlinkSync(path);
  return { name, bytes };
}

asUsers("both ways into the store give one file, byte by byte, to runs that name every variable", async (box) => {
  const shelf = openShelf(box);
  const text = await Bun.file(shelf.strict).text();
  const folder = (name: string): string =>
    `[[fs_layer.rule]]\npath = "\${${name}}"\noptional = true\nallowed_access = ["read_dir"]\n`;
  const policy = box.write(
    "every.toml",
    `${text}\n${["CWD", "HOME", "TMPDIR", "POLICY_DIR", "EXTRA"].map(folder).join("")}`,
  );
  const flags = ["--set", `EXTRA=${box.mkdir("extra \u00fc")}`];
  const cwd = box.path("inside");
  // The first run makes the key, which C leaves to TypeScript; the second goes the way of C.
  await shelf.run(policy, { flags, cwd });
  take(shelf);
  expect(await shelf.run(policy, { flags, cwd })).toMatchObject({ by: "bun" });
  const byC = take(shelf);
  // Not the plain form of a command line, so never C; what is enforced is the same.
  await shelf.run(policy, { flags: [...flags, "--best-effort"], cwd });
  expect(take(shelf)).toEqual(byC);
});

asUsers("a full store is emptied by TypeScript, and takes the plan", async (box) => {
  const shelf = openShelf(box);
  const name = await shelf.fill(shelf.strict);
  unlinkSync(join(shelf.plans, name));
  for (let at = 0; at < 256; at++) await Bun.write(join(shelf.plans, `old-${at}`), "old");
  await shelf.run(shelf.strict);
  expect(shelf.names()).toContain(name);
  expect(shelf.names().length).toBeLessThan(256);
});
