import { expect, test } from "bun:test";
import { isReserved } from "../../../../src/broker/publish/staging.ts";
import { Random } from "../../../harness/random.ts";

const HEX = "0123456789abcdef";

test("a path is landlockd's own if one of its names is, wherever, and only if all of that name is", () => {
  const random = new Random(81);
  const digits = (count: number, from: string): string =>
    Array.from({ length: count }, () => from[random.below(from.length)]).join("");
  for (let round = 0; round < 5000; round++) {
    const own = `.landlockd-${digits(16, HEX)}`;
    const near = random.one([
      own.slice(0, -1),
      `${own}0`,
      own.toUpperCase(),
      own.slice(1),
      `x${own}`,
      `${own}\n`,
      `.landlockd-${digits(15, HEX)}g`,
      ".landlockd-",
    ]);
    const others = Array.from({ length: random.below(4) }, () => random.one(["a", "", ".", "..", near]));
    const at = random.below(others.length + 1);
    expect([near, isReserved([...others, near].join("/"))]).toEqual([near, false]);
    expect(isReserved(others.toSpliced(at, 0, own).join("/"))).toBe(true);
  }
});
