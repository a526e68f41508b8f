import { expect, test } from "bun:test";
import { HOLES, holesOf } from "../../../src/kernel/holes.ts";

const names = (release: string): string[] => holesOf(release).map(({ name }) => name);

test("the releases whose signal scope lets SIGIO pass, at both ends of each range", () => {
  const has = [
    "6.12.24",
    "6.12.100-deb13",
    "6.13.12",
    "6.14.3",
    "6.15.0",
    "6.17.0-8-generic",
    "6.18.39",
    "6.19.2",
    "7.0.0",
    "7.1.4",
  ];
  for (const release of has) expect([release, names(release)]).toEqual([release, ["CVE-2026-72183"]]);
  const hasnt = [
    "6.12.23",
    "6.12.101",
    "6.13.11",
    "6.14.2",
    "6.18.40",
    "6.18.44-fc",
    "7.1.5",
    "7.2.0",
    "7.10.1",
    "10.0",
    "6.1.0-13-amd64",
    "5.13",
  ];
  for (const release of hasnt) expect([release, names(release)]).toEqual([release, []]);
});

test("a release that is no number has no known hole", () => {
  for (const release of ["", "x", "six.18", "-6.18.1"]) expect(names(release)).toEqual([]);
});

test("ranges ascend, and none is empty", () => {
  for (const { releases } of HOLES) {
    const ends = releases
      .flat()
      .map((release) => release.split(".").reduce((sum, part, at) => sum + Number(part) * 1000 ** (2 - at), 0));
    expect(ends).toEqual([...new Set(ends)].sort((one, other) => one - other));
  }
});
