import { expect, test } from "bun:test";
import { Epoll } from "../../../src/native/epoll.ts";
import { syscall } from "../../../src/native/syscall.ts";

/** An eventfd that is readable. */
function readable(): number {
  return syscall("eventfd2", 1, 0);
}

test("what a handler throws is thrown by wait, or told", () => {
  const epoll = new Epoll();
  const [bad, good] = [readable(), readable()];
  let calls = 0;
  epoll.add(bad, () => {
    throw new Error("a bug");
  });
  epoll.add(good, () => {
    calls += 1;
  });
  expect(() => epoll.wait(0)).toThrow("a bug");
  const told: number[] = [];
  epoll.onError = (fd) => told.push(fd);
  calls = 0;
  epoll.wait(0);
  expect([told, calls]).toEqual([[bad], 1]);
  for (const fd of [bad, good]) {
    epoll.remove(fd);
    syscall("close", fd);
  }
  epoll.close();
});
