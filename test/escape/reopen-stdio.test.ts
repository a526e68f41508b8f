import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { insideOnly } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

asUsers("a file on stdin can be read through it, but not opened anew or for writing", async (box) => {
  const file = box.write("outside/input", "input");
  const policy = insideOnly(box, [probePath("fs")]);
  const prefix = ["/bin/sh", "-c", `exec "$@" <"${file}"`, "sh"];
  await expectClaim(box, {
    probe: "fs",
    policy,
    prefix,
    rows: [
      row(["read_openat", "/proc/self/fd/0"], "OK", "EACCES"),
      row(["read_openat", "/dev/stdin"], "OK", "EACCES"),
      row(["write_openat", "/proc/self/fd/0"], "OK", "EACCES"),
      row(["write_append", "/dev/fd/0"], "OK", "EACCES"),
      row(["truncate", "/proc/self/fd/0"], "OK", "EACCES"),
    ],
    prepare: () => void box.write("outside/input", "input"),
  });
  expect(readFileSync(file, "utf8")).toBe("input");
});

asUsers("a folder on stdin opens nothing beneath it or above it", async (box) => {
  box.write("outside/secret", "secret");
  await expectClaim(box, {
    probe: "fs",
    policy: insideOnly(box, [probePath("fs")]),
    prefix: ["/bin/sh", "-c", `exec "$@" <"${box.path("outside")}"`, "sh"],
    rows: [
      row(["read_openat", "/proc/self/fd/0/secret"], "OK", "EACCES"),
      row(["read_openat", "/proc/self/fd/0/../outside/secret"], "OK", "EACCES"),
      row(["write_openat", "/proc/self/fd/0/secret"], "OK", "EACCES"),
      row(["write_creat", "/proc/self/fd/0/new"], "OK", "EACCES"),
    ],
    prepare: () => box.remove("outside/new"),
  });
});
