import { expect, test } from "bun:test";
import type { FsRight } from "../../../src/kernel/landlock.ts";
import type { Broker, FsLayer, Policy } from "../../../src/policy/policy.ts";
import { canPlant } from "../../../src/store/grants.ts";
import { NO_BROKER } from "../../harness/host.ts";

const STORE = "/run/landlockd/plans";

function layer(handled: readonly FsRight[], ...grants: readonly (readonly [string, ...FsRight[]])[]): FsLayer {
  const rule = grants.map(([path, ...allowed_access]) => ({ path, allowed_access, optional: true }));
  return { handled_access_fs: handled, rule };
}

const policy = (...layers: readonly FsLayer[]): Policy => ({
  version: 1,
  compat: "strict",
  without: [],
  fs_layer: layers,
});

test("what nobody handles is allowed everywhere", () => {
  expect(canPlant(policy(), STORE)).toBe(true);
  expect(canPlant(policy(layer(["read_file"])), STORE)).toBe(true);
  expect(canPlant(policy(layer(["write_file"])), STORE)).toBe(false);
});

test("a grant above, on or beneath the store counts; one beside it doesn't", () => {
  for (const path of ["/", "/run", "/run/landlockd", STORE, `${STORE}/x`]) {
    expect([path, canPlant(policy(layer(["write_file", "make_dir"], [path, "write_file"])), STORE)]).toEqual([
      path,
      true,
    ]);
  }
  for (const path of ["/run/landlockd/plans2", "/runs", "/tmp"]) {
    expect([path, canPlant(policy(layer(["write_file", "make_dir"], [path, "write_file"])), STORE)]).toEqual([
      path,
      false,
    ]);
  }
});

test("layers stack: one that withholds is enough", () => {
  const granting = layer(["write_file"], ["/", "write_file"]);
  expect(canPlant(policy(granting, layer(["write_file"])), STORE)).toBe(false);
  expect(canPlant(policy(granting, granting), STORE)).toBe(true);
});

test("a file may also be moved in, where refer is granted", () => {
  const moving = layer(["write_file", "make_reg", "refer"], ["/run", "make_reg", "refer"]);
  expect(canPlant(policy(moving), STORE)).toBe(true);
  // Denied without a grant, handled or not.
  expect(canPlant(policy(layer(["write_file"], ["/run", "read_file"])), STORE)).toBe(false);
});

test("what the broker writes counts as the workload's own writes", () => {
  const brokered = (lists: Partial<Broker>): Policy => ({
    ...policy(layer(["write_file"])),
    broker: { ...NO_BROKER, ...lists },
  });
  for (const path of ["/", "/run", STORE, `${STORE}/x`]) {
    for (const list of ["scratch", "export", "allow_write"] as const) {
      expect([list, path, canPlant(brokered({ [list]: [path] }), STORE)]).toEqual([list, path, true]);
    }
    expect(canPlant(brokered({ allow_read: [path] }), STORE)).toBe(false);
  }
  expect(canPlant(brokered({ scratch: ["/tmp"], allow_write: ["/run/landlockd/plans2"] }), STORE)).toBe(false);
});

test("a folder that was filled elsewhere may be moved to where the store is, or a folder above it", () => {
  const rights: readonly FsRight[] = ["write_file", "make_reg", "make_dir", "remove_dir"];
  // From the same folder without refer: what is beside the store is the workload's to fill.
  const beside = layer(rights, ["/run/app", "write_file", "make_reg"], ["/run", "make_dir", "remove_dir"]);
  expect(canPlant(policy(beside), STORE)).toBe(true);
  expect(canPlant(policy(layer(rights, ["/run/app", "write_file", "make_reg"])), STORE)).toBe(false);
  expect(canPlant(policy(layer(rights, ["/run/app", "write_file", "make_dir"])), STORE)).toBe(false);
  expect(canPlant(policy(layer(rights, ["/run", "make_dir", "remove_dir"], ["/srv", "write_file"])), STORE)).toBe(
    false,
  );
  // From anywhere with it.
  const anywhere = layer([...rights, "refer"], ["/run", "make_dir", "refer"], ["/srv", "write_file", "refer"]);
  expect(canPlant(policy(anywhere), STORE)).toBe(true);
  const kept = layer(["write_file", "remove_dir"], ["/run/app", "write_file"]);
  expect(canPlant(policy(kept), STORE)).toBe(false);
  // Nobody handles make_dir, but nothing can be filled.
  expect(canPlant(policy(layer(["write_file"])), STORE)).toBe(false);
  expect(canPlant(policy(layer(["write_file"], ["/run/app", "write_file"])), STORE)).toBe(true);
  // Beneath the store a new folder is nothing.
  expect(canPlant(policy(layer(rights, [STORE, "make_dir"], ["/srv", "write_file"])), STORE)).toBe(false);
});
