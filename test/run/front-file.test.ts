/** The linked file as other tools see it, and the front's own failures. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { readHeader, readProgramHeaders } from "../../tools/elf.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { buildProgram, reportOf, start } from "./front-program.ts";

const program = buildProgram();
afterAll(() => program[Symbol.dispose]());

function output(argv: string[]): string {
  const ended = Bun.spawnSync(argv, {
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
  });
  return ended.stdout.toString() + ended.stderr.toString();
}

test("readelf reads the program headers as the link step wrote them", () => {
  const lines = output(["readelf", "-lW", program.linked]).split("\n");
  const loads = lines.filter((line) => /^ {2}LOAD /.test(line)).map((line) => line.trim().split(/\s+/));
  const flags = loads.map((fields) => fields.slice(6, -1).join(""));
  // The front; Bun's are its own to map.
  expect(flags).toEqual(["RE"]);
  expect(loads.map((fields) => Number(fields[2]))).toEqual([0x110000]);
  expect(lines.some((line) => /INTERP/.test(line))).toBe(false);
  expect(lines.find((line) => /GNU_STACK/.test(line))).toMatch(/ RW /);
});

test("Bun is mapped by the front as by the kernel", () => {
  const kernels = reportOf(start(program, [program.unlinked])).maps;
  expect(kernels.length).toBeGreaterThanOrEqual(3);
  const [fronts, ...bun] = reportOf(start(program, [program.linked])).maps;
  expect(fronts).toMatch(/^00110000-[0-9a-f]+ r-xp /);
  expect(bun).toEqual(kernels);
});

test("the front writes to nothing but its stack", () => {
  expect(output(["size", "-A", resolve(import.meta.dir, "../../build/front")])).not.toMatch(
    /\.(data|bss|got|tdata|tbss)/,
  );
});

/** A copy of the linked program whose interpreter is another file; the path may not be longer. */
function withInterpreter(path: string): string {
  const copy = join(program.dir, `interp-${basename(path)}`);
  copyFileSync(program.linked, copy);
  const head = readFileSync(program.unlinked).subarray(0, 0x1000);
  const interp = readProgramHeaders(head, readHeader(head)).find((each) => each.type === 3);
  if (interp === undefined || interp.fileBytes <= path.length) throw new Error("no room for the path");
  const fd = openSync(copy, "r+");
  writeSync(fd, Buffer.from(`${path}\0`), 0, path.length + 1, interp.offset);
  closeSync(fd);
  return copy;
}

describe("an interpreter that can't be had: one line, status 2 where no run was asked for", () => {
  test.each([
    ["/etc/passwd", "Exec format error (ENOEXEC)"],
    ["/tmp", "Is a directory (EISDIR)"],
    ["/dev/null", "Exec format error (ENOEXEC)"],
  ])("%s", (path, error) => {
    const ended = start(program, [withInterpreter(path)]);
    expect([ended.status, ended.report]).toEqual([2, null]);
    expect(ended.stderr).toBe(`landlockd: cannot load the interpreter ${path}: ${error}\n`);
    expect(ended.stdout).toBe("");
  });

  test("none, as where there is no GNU C library", () => {
    const ended = start(program, [withInterpreter("/nonexistent")]);
    const line = "landlockd: cannot start without the GNU C library, whose loader is /nonexistent\n";
    expect([ended.status, ended.stdout, ended.stderr]).toEqual([2, "", line]);
  });
});

describe("the link command", () => {
  const link = resolve(import.meta.dir, "../../tools/link.ts");
  const run = (frontPath: string, inPath: string, outPath: string) =>
    Bun.spawnSync([process.execPath, link, "--front", frontPath, "--in", inPath, "--out", outPath], { stderr: "pipe" });
  const front = resolve(import.meta.dir, "../../build/front");

  test("keeps the mode, and leaves no temporary file", () => {
    const out = join(program.dir, "again");
    expect(run(front, program.unlinked, out).exitCode).toBe(0);
    expect(statSync(out).mode).toBe(statSync(program.unlinked).mode);
    expect(readdirSync(program.dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.each([
    ["a file that is linked already", () => program.linked, /already linked/],
    ["a dynamic program", () => "/bin/true", /fixed address/],
    ["text", () => import.meta.path, /not an ELF file/],
    ["nothing", () => "/nonexistent", /ENOENT/],
  ])("refuses %s and writes nothing", (_, input, message) => {
    const out = join(program.dir, "refused");
    const ended = run(front, input(), out);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr.toString()).toMatch(message);
    expect(ended.stderr.toString().trim().split("\n").length).toBe(1);
    expect(() => statSync(out)).toThrow();
  });

  test("refuses a front that is no program", () => {
    const path = join(program.dir, "not-a-front");
    writeFileSync(path, "front");
    expect(run(path, program.unlinked, join(program.dir, "refused")).exitCode).toBe(1);
  });
});

test("in a working directory that was removed landlockd says so, where Bun couldn't start", () => {
  const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$0" --version';
  const gone = join(program.dir, "gone");
  const ended = Bun.spawnSync(["/bin/sh", "-c", script, resolve(import.meta.dir, "../../dist/landlockd"), gone]);
  expect([ended.exitCode, ended.stdout.toString(), ended.stderr.toString()]).toEqual([
    2,
    "",
    "landlockd: the working directory was removed: cd to one that is there\n",
  ]);
});

describe("an executable that Bun can't be mapped from: one line, status 2 where no run was asked for", () => {
  const shipped = resolve(import.meta.dir, "../../dist/landlockd");
  const startOf = (...argv: string[]) => {
    const ended = Bun.spawnSync(argv, { stdout: "pipe", stderr: "pipe" });
    return [ended.exitCode, ended.stdout.toString(), ended.stderr.toString()];
  };

  test.skipIf(!SUITE_IS_ROOT)("may be executed only", () => {
    const copy = join(program.dir, "execute-only");
    copyFileSync(shipped, copy);
    chmodSync(copy, 0o711);
    const other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", copy, "--version"];
    const line = "landlockd: cannot read its own executable: give read permission on it\n";
    expect(startOf(...other)).toEqual([2, "", line]);
    chmodSync(copy, 0o755);
    expect(startOf(...other)[0]).toBe(0);
  });

  test.skipIf(!SUITE_IS_ROOT)("no /proc", () => {
    const script = 'mount -t tmpfs none /proc && exec "$0" --version';
    const line = "landlockd: cannot start without /proc: mount it\n";
    expect(startOf("unshare", "-m", "sh", "-c", script, shipped)).toEqual([2, "", line]);
  });
});

test("the executable that is shipped has one segment, the front's, which can't be written", () => {
  const lines = output(["readelf", "-lW", resolve(import.meta.dir, "../../dist/landlockd")]).split("\n");
  const loads = lines.filter((line) => /^ {2}LOAD /.test(line)).map((line) => line.trim().split(/\s+/));
  expect(loads.map((fields) => fields.slice(6, -1).join(""))).toEqual(["RE"]);
  expect(loads.map((fields) => Number(fields[2]))).toEqual([0x110000]);
  expect(lines.some((line) => /INTERP/.test(line))).toBe(false);
});
