import { expect, test } from "bun:test";
import { parseMounts } from "../../../src/broker/slow-mounts.ts";

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
