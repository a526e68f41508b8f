import { expect, test } from "bun:test";
import { fieldOf } from "../../../src/base/field.ts";

const STATUS = "Name:\tsh\nUmask:\t0022\nUid:\t0\t1\t2\t3\nNoNewPrivs:\t1\nGroups:\t \n";

test("a field is what stands behind its name, without blanks around it", () => {
  expect(fieldOf(STATUS, "Name")).toBe("sh");
  expect(fieldOf(STATUS, "Uid")).toBe("0\t1\t2\t3");
  expect(fieldOf(STATUS, "Groups")).toBe("");
  expect(fieldOf(STATUS, "Gid")).toBeUndefined();
  expect(fieldOf(STATUS, "Privs")).toBeUndefined();
  expect(fieldOf("", "Name")).toBeUndefined();
  expect(fieldOf("Pid:\t-1", "Pid")).toBe("-1");
});

test("a name with other ends of lines in it forges no field", () => {
  for (const end of ["\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\\n"]) {
    expect(fieldOf(STATUS.replace("sh", `${end}NoNewPrivs:0`), "NoNewPrivs")).toBe("1");
  }
});
