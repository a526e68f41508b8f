import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { resolve } from "node:path";
import { asUsers } from "../harness/cases.ts";
import { landlockd } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";

/** Each field's name in docs/doctor.md, and its type there. */
function documented(): ReadonlyMap<string, string> {
  const page = readFileSync(resolve(import.meta.dir, "../../docs/doctor.md"), "utf8");
  return new Map(
    [...page.matchAll(/^\| `([a-z.[\]]+)` \| ([^|]+) \|/gm)].map(([, name = "", type = ""]) => [name, type]),
  );
}

/** What is in a value, by the names of the document. */
function fieldsOf(value: unknown, name: string): [name: string, type: string][] {
  if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(each, `${name}[]`));
  if (value === null || typeof value !== "object") return [[name, value === null ? "null" : typeof value]];
  return Object.entries(value).flatMap(([key, each]) => fieldsOf(each, name === "" ? key : `${name}.${key}`));
}

function expectDocumented(text: string): void {
  const types = documented();
  const fields = fieldsOf(JSON.parse(text), "");
  for (const [name, type] of fields) expect([name, types.get(name)?.includes(type)]).toEqual([name, true]);
  const seen = new Set(fields.map(([name]) => name));
  for (const [name, type] of types) {
    if (!name.includes("[]") && !type.includes("absent")) expect([name, seen.has(name)]).toEqual([name, true]);
  }
}

asUsers("doctor --json has the fields that its page has, with their types, and no other", async (box) => {
  const result = await landlockd(box, ["doctor", "--json"]);
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expectDocumented(result.stdout);
  const report = JSON.parse(result.stdout);
  expect(report).toMatchObject({ version: 1, release: release(), uid: box.user.uid });
  const abilities: { item: string; yes: boolean }[] = report.abilities;
  for (const item of [
    "landlock",
    "seccomp",
    "mount",
    "seccomp.notify",
    "fs.truncate",
    "net.bind_udp",
    "scope.signal",
  ]) {
    expect(abilities.filter((each) => each.item === item)).toHaveLength(1);
  }
});

asUsers("it has them on a host without Landlock too, and the status says that no run is possible", async (box) => {
  const prefix = [probePath("with"), "enosys=landlock", "--"];
  const result = await landlockd(box, ["doctor", "--json"], { prefix });
  expect(result.status).toBe(1);
  expectDocumented(result.stdout);
  expect(JSON.parse(result.stdout)).toMatchObject({ landlock: { abi: 0 }, errata: [], holes: [] });
});
