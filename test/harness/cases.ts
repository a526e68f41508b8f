/** How a test is registered: once per user, or counted as skipped with its reason. */
import { test } from "bun:test";
import { type Box, openBox } from "./box.ts";
import { ROOT, SUITE_IS_ROOT, UNPRIVILEGED, type User } from "./user.ts";

/** In CI a test that can't run is a failure: a host that lost its kernel features must not look green. */
const MUST_WORK: boolean = Bun.env["CI"] === "true";

/** A whole test may start a dozen processes on a busy 2-core machine. */
const TEST_TIMEOUT_MS = 120_000;

type Body = (box: Box) => Promise<void>;

/** Runs one test as one user, in a box of its own that is removed afterwards. */
function testAs(user: User, name: string, body: Body): void {
  test(
    `${name} (${user.name})`,
    async () => {
      await using box = openBox(user);
      await body(box);
    },
    TEST_TIMEOUT_MS,
  );
}

/** Registers the test as skipped, with its reason in its name; in CI, as failed. */
export function skipped(name: string, reason: string): void {
  const title = `${name} [skipped: ${reason}]`;
  if (MUST_WORK) {
    test(title, () => {
      throw new Error(`a test that must run in CI can't: ${reason}`);
    });
  } else {
    test.skip(title, () => {});
  }
}

/** Runs the test if `obstacle` is undefined; otherwise it is counted as skipped for that reason. */
export function testUnless(obstacle: string | undefined, name: string, body: () => Promise<void> | void): void {
  if (obstacle === undefined) test(name, body, TEST_TIMEOUT_MS);
  else skipped(name, obstacle);
}

/** Once as root, once as an unprivileged user. */
export function asUsers(name: string, body: Body): void {
  asRoot(name, body);
  asUnprivileged(name, body);
}

/** As {@link asUsers}, if `obstacle` is undefined; otherwise counted as skipped for that reason. */
export function asUsersUnless(obstacle: string | undefined, name: string, body: Body): void {
  if (obstacle === undefined) asUsers(name, body);
  else skipped(name, obstacle);
}

export function asRoot(name: string, body: Body): void {
  if (SUITE_IS_ROOT) testAs(ROOT, name, body);
  else skipped(`${name} (root)`, "the suite runs unprivileged");
}

/** As {@link asRoot}, if `obstacle` is undefined; otherwise counted as skipped for that reason. */
export function asRootUnless(obstacle: string | undefined, name: string, body: Body): void {
  if (obstacle === undefined) asRoot(name, body);
  else skipped(name, obstacle);
}

export function asUnprivileged(name: string, body: Body): void {
  testAs(UNPRIVILEGED, name, body);
}
