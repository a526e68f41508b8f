import { describe, expect, test } from "bun:test";
import * as errnos from "../../../src/kernel/errno.ts";
import { errnoName, errnoText } from "../../../src/kernel/errno-names.ts";
import {
  ABI_LINUX,
  FILE_RIGHTS,
  FOLDER_RIGHTS,
  FS_RIGHTS,
  NET_RIGHTS,
  rightNames,
  rightsMask,
  SCOPES,
  supportedFs,
  supportedNet,
  supportedScopes,
} from "../../../src/kernel/landlock.ts";
import { PROTECTIONS, protectionNames } from "../../../src/kernel/protections.ts";
import {
  ARCHES,
  highestSyscall,
  isSyscallName,
  syscallName,
  syscallNames,
  syscallNumber,
  syscallTable,
} from "../../../src/kernel/syscalls.ts";

describe("Landlock", () => {
  test("masks by ABI are those of the kernel's LANDLOCK_MASK_*", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(supportedFs)).toEqual([
      0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff, 0xffff, 0xffff, 0xffff, 0x1ffff, 0x1ffff,
    ]);
    expect([1, 3, 4, 9, 10].map(supportedNet)).toEqual([0, 0, 3, 3, 15]);
    expect([1, 5, 6, 10].map(supportedScopes)).toEqual([0, 0, 3, 3]);
    expect(supportedFs(0)).toBe(0);
  });

  test("a right and its ABI name the same Linux release", () => {
    for (const right of [...FS_RIGHTS, ...NET_RIGHTS, ...SCOPES]) expect(ABI_LINUX[right.abi]).toBe(right.linux);
  });

  test("file and folder rights are all rights, without overlap", () => {
    expect(FILE_RIGHTS & FOLDER_RIGHTS).toBe(0);
    expect(FILE_RIGHTS | FOLDER_RIGHTS).toBe(0x1ffff);
    expect(FILE_RIGHTS).toBe(0x1c007);
  });

  test("names and masks translate both ways", () => {
    expect(rightNames(FS_RIGHTS, rightsMask(FS_RIGHTS, ["refer", "execute"]))).toEqual(["execute", "refer"]);
    expect(() => rightsMask(FS_RIGHTS, ["bind_tcp"])).toThrow("no such right: bind_tcp");
  });
});

describe("system calls", () => {
  test.each([
    ["read", 0, 63],
    ["execve", 59, 221],
    ["openat", 257, 56],
    ["newfstatat", 262, 79],
    ["prlimit64", 302, 261],
    ["memfd_create", 319, 279],
    ["pidfd_send_signal", 424, 424],
    ["clone3", 435, 435],
    ["landlock_restrict_self", 446, 446],
    ["file_setattr", 469, 469],
    ["open", 2, undefined],
    ["uretprobe", 335, undefined],
  ])("%s", (name, x86, arm) => {
    expect(syscallNumber("x86_64", name)).toBe(x86 as number);
    expect(syscallNumber("aarch64", name) as number | undefined).toBe(arm as number | undefined);
  });

  test("numbers ascend and names are unique", () => {
    for (const arch of ARCHES) {
      const numbers = [...syscallTable(arch).values()];
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
      expect(highestSyscall(arch)).toBe(469);
    }
    expect(syscallTable("x86_64").size).toBe(383);
    expect(syscallTable("aarch64").size).toBe(325);
  });

  test("names are looked up both ways and over both architectures", () => {
    expect(syscallName("aarch64", 56)).toBe("openat");
    expect(syscallName("aarch64", 250)).toBeUndefined();
    expect(isSyscallName("open")).toBe(true);
    expect(isSyscallName("opne")).toBe(false);
    expect(isSyscallName("toString")).toBe(false);
    expect(syscallNames().has("renameat")).toBe(true);
  });
});

describe("errno", () => {
  test("both ways, with second names and unknown ones", () => {
    expect(errnoName(1)).toBe("EPERM");
    expect(errnoName(133)).toBe("EHWPOISON");
    expect(errnoName(4000)).toBe("errno 4000");
    expect(errnoText(2)).toBe("No such file or directory");
    expect(errnoText(41)).toBe("Unknown error 41");
  });

  test("numbers and names agree", () => {
    const { ERESTARTSYS, MAX_ERRNO, ...numbers } = errnos;
    for (const [name, number] of Object.entries(numbers)) expect(errnoName(number)).toBe(name);
    expect(errnoName(ERESTARTSYS)).toBe("errno 512");
    expect(errnoName(MAX_ERRNO)).toBe("errno 4095");
  });
});

describe("protections", () => {
  test("names are unique, and every call exists", () => {
    const names = PROTECTIONS.map((line) => line.name);
    expect(new Set(names).size).toBe(names.length);
    for (const line of PROTECTIONS) {
      for (const match of line.matches) {
        for (const syscall of match.syscalls) expect([syscall, isSyscallName(syscall)]).toEqual([syscall, true]);
      }
    }
  });

  test("a line that shares its name with a call closes that call alone", () => {
    for (const line of PROTECTIONS.filter((each) => isSyscallName(each.name))) {
      expect(line.matches.map((match) => match.syscalls)).toEqual([[line.name]]);
    }
    expect(protectionNames().has("mounts")).toBe(true);
    expect(protectionNames().has("mount")).toBe(true);
    expect(protectionNames().has("getpid")).toBe(false);
  });

  test("tests on arguments are also said in words, and nothing else is", () => {
    for (const { name, matches } of PROTECTIONS) {
      for (const match of matches) expect([name, match.which === undefined]).toEqual([name, match.tests === undefined]);
    }
  });

  test("what nesting needs stays open", () => {
    const names = protectionNames();
    for (const needed of [
      "landlock_create_ruleset",
      "landlock_add_rule",
      "landlock_restrict_self",
      "seccomp",
      "prctl",
    ]) {
      expect(names.has(needed)).toBe(false);
    }
  });
});
