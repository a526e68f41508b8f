import { expect, test } from "bun:test";
import { type Mount, parseMounts } from "../../../src/broker/slow-mounts.ts";
import { Random } from "../../harness/random.ts";

test("mounts are read by id, place and type, escapes and optional fields included", () => {
  const text = [
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    "28 27 0:44 / /mnt/a\\040b\\134c rw,relatime shared:7 master:3 - nfs4 server:/a - rw,hard",
    "29 27 0:45 / /run/user/1000/doc rw - fuse.portal portal rw",
    "30 27 0:46 / /-/- rw - tmpfs - rw",
    "31 27 0:47 / /auto rw - autofs systemd-1 rw",
    "",
  ].join("\n");
  expect(parseMounts(text)).toEqual([
    { id: 27, path: "/", slow: false },
    { id: 28, path: "/mnt/a b\\c", slow: true },
    { id: 29, path: "/run/user/1000/doc", slow: true },
    { id: 30, path: "/-/-", slow: false },
    { id: 31, path: "/auto", slow: true },
  ]);
});

test("a filesystem that nobody has heard of may hang, and so may a line that can't be read", () => {
  const [unknown, short] = parseMounts("40 27 0:50 / /new rw - newfs none rw\n41 27\n");
  expect(unknown).toEqual({ id: 40, path: "/new", slow: true });
  expect(short?.slow).toBe(true);
});

/** As the kernel writes a path there: space, tab, newline and backslash in octal. */
const escaped = (path: string): string =>
  path.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);

test("any mounts, whatever their paths and optional fields, are read as they were written", () => {
  const random = new Random(51);
  const characters = [..."/a-\\ \t\n0", "\u00ff", "\u0080"];
  const types = { ext4: false, tmpfs: false, overlay: false, nfs4: true, "fuse.sshfs": true, fuse: true, never: true };
  for (let round = 0; round < 500; round++) {
    const lines: string[] = [];
    const mounts: Mount[] = [];
    for (let id = 1; id <= random.below(6); id++) {
      const path = `/${Array.from({ length: random.below(12) }, () => random.one(characters)).join("")}`;
      const [type, slow] = random.one(Object.entries(types));
      const optional = random.some(["shared:1", "master:2", "unbindable"], 2).join(" ");
      const fields = [id, 1, "0:9", escaped(path), escaped(path), "rw", optional, "-", type, "source", "rw"];
      lines.push(fields.filter((field) => field !== "").join(" "));
      mounts.push({ id, path, slow });
    }
    expect(parseMounts(lines.map((line) => `${line}\n`).join(""))).toEqual(mounts);
  }
});

test("of a line that isn't whole nothing is taken for granted", () => {
  const random = new Random(52);
  const whole = "28 27 0:44 / /mnt rw,relatime shared:7 - ext4 /dev/vda rw";
  for (let round = 0; round < 500; round++) {
    const cut = whole.slice(0, random.below(whole.indexOf(" ext4")));
    for (const { slow } of parseMounts(cut)) expect([cut, slow]).toEqual([cut, true]);
  }
});
