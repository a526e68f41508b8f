/** Whoever writes the store decides the next sandbox: so nothing in it counts that isn't authentic, whole and named right. */
import { expect } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  lchownSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { asRoot, asUnprivileged, asUsers } from "../harness/cases.ts";
import { insideOnly } from "../harness/policies.ts";
import { openShelf, type Served, type Shelf } from "./shelf.ts";

/** The strict policy denied, and the front took no part in it. */
function expectRefused(result: Served): void {
  expect(result).toMatchObject({ by: "bun", status: 1, stdout: "" });
  expect(result.stderr).toContain("Permission denied");
}

/** A store with a plan of each policy, by name. */
async function filled(shelf: Shelf): Promise<{ strict: string; lax: string }> {
  const strict = join(shelf.plans, await shelf.fill(shelf.strict));
  const lax = join(shelf.plans, await shelf.fill(shelf.lax));
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front", status: 1, stdout: "" });
  return { strict, lax };
}

function overwrite(file: string, bytes: Uint8Array): void {
  writeFileSync(file, bytes);
}

asUsers("an authentic plan of a laxer policy isn't taken under another's name", async (box) => {
  const shelf = openShelf(box);
  const { strict, lax } = await filled(shelf);
  overwrite(strict, readFileSync(lax));
  expectRefused(await shelf.run(shelf.strict));
  // Nor with the name that is inside corrected: the MAC covers it.
  const forged = readFileSync(lax);
  readFileSync(strict).copy(forged, 0, 0, 48);
  overwrite(strict, forged);
  expectRefused(await shelf.run(shelf.strict));
});

asUsers("a flipped bit anywhere", async (box) => {
  const shelf = openShelf(box);
  const { strict } = await filled(shelf);
  const intact = readFileSync(strict);
  const step = Math.ceil(intact.length / 60);
  for (let at = 0; at < intact.length; at += step) {
    const flipped = Buffer.from(intact);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    overwrite(strict, flipped);
    expectRefused(await shelf.run(shelf.strict));
  }
});

asUsers("a plan that is cut off, empty, or longer than it says", async (box) => {
  const shelf = openShelf(box);
  const { strict } = await filled(shelf);
  const intact = readFileSync(strict);
  for (const size of [0, 1, 79, 80, 81, intact.length - 8, intact.length - 1]) {
    overwrite(strict, intact);
    truncateSync(strict, size);
    expectRefused(await shelf.run(shelf.strict));
  }
  overwrite(strict, Buffer.concat([intact, Buffer.alloc(8)]));
  expectRefused(await shelf.run(shelf.strict));
});

asUsers("a plan signed with another key", async (box) => {
  const shelf = openShelf(box);
  const { lax } = await filled(shelf);
  writeFileSync(shelf.key, Buffer.alloc(32, 7));
  expect(await shelf.run(shelf.lax)).toMatchObject({ by: "bun", stdout: "secret\n" });
  expect(readFileSync(lax).length).toBeGreaterThan(80);
  expect(await shelf.run(shelf.lax)).toMatchObject({ by: "front", stdout: "secret\n" });
});

asUsers("a key that others may read, or that is a symlink: no store", async (box) => {
  const shelf = openShelf(box);
  await filled(shelf);
  // Nothing is trusted and nothing written: by "bun" can't be told by a new plan, so the plan is made unusable first.
  const served = async (): Promise<boolean> => {
    const before = await shelf.run(shelf.strict, { argv: ["/bin/true"] });
    return before.by === "front" && shelf.names().length > 0;
  };
  expect(await served()).toBe(true);
  for (const spoil of [
    () => chmodSync(shelf.key, 0o644),
    () => {
      renameSync(shelf.key, box.path("moved"));
      symlinkSync(box.path("moved"), shelf.key);
    },
  ]) {
    const key = readFileSync(shelf.key);
    spoil();
    for (const name of shelf.names()) unlinkSync(join(shelf.plans, name));
    expect(await shelf.run(shelf.strict)).toMatchObject({ status: 1, stdout: "" });
    expect(shelf.names()).toEqual([]);
    unlinkSync(shelf.key);
    writeFileSync(shelf.key, key, { mode: 0o600 });
    chownSync(shelf.key, box.user.uid, box.user.gid);
    await shelf.fill(shelf.strict);
  }
});

asUsers(
  "a key that isn't whole is no key, for nothing is authentic by it, and makes room for a new one",
  async (box) => {
    const shelf = openShelf(box);
    const { strict } = await filled(shelf);
    for (const size of [0, 16, 33]) {
      const before = readFileSync(strict);
      writeFileSync(shelf.key, Buffer.alloc(size));
      expectRefused(await shelf.run(shelf.strict));
      expect([size, readFileSync(shelf.key).length, readFileSync(strict).equals(before)]).toEqual([size, 32, false]);
      expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front", status: 1, stdout: "" });
    }
  },
);

asUsers("symlinks: for the plan, for the folder, for the folder above it", async (box) => {
  const shelf = openShelf(box);
  const { strict } = await filled(shelf);
  const elsewhere = box.path("elsewhere");
  renameSync(strict, elsewhere);
  symlinkSync(elsewhere, strict);
  expectRefused(await shelf.run(shelf.strict));
  for (const folder of [shelf.plans, join(shelf.plans, "..")]) {
    const path = join(folder);
    renameSync(path, box.path("moved"));
    symlinkSync(box.path("moved"), path);
    lchownSync(path, box.user.uid, box.user.gid);
    const before = readFileSync(shelf.key);
    // The front can't serve it and Bun doesn't fill it: an unusable plan stays as it is.
    const names = shelf.names();
    for (const name of names) overwrite(join(shelf.plans, name), Buffer.alloc(100));
    expect(await shelf.run(shelf.strict)).toMatchObject({ status: 1, stdout: "" });
    for (const name of names) expect(readFileSync(join(shelf.plans, name)).length).toBe(100);
    expect(readFileSync(shelf.key).equals(before)).toBe(true);
    unlinkSync(path);
    renameSync(box.path("moved"), path);
    await shelf.run(shelf.strict);
  }
});

asUsers("a store or a plan that others may touch", async (box) => {
  const shelf = openShelf(box);
  const { strict } = await filled(shelf);
  const intact = readFileSync(strict);
  for (const mode of [0o770, 0o701, 0o755]) {
    chmodSync(shelf.plans, mode);
    overwrite(strict, Buffer.alloc(100));
    expect(await shelf.run(shelf.strict)).toMatchObject({ status: 1, stdout: "" });
    expect(readFileSync(strict).length).toBe(100);
  }
  chmodSync(shelf.plans, 0o700);
  overwrite(strict, intact);
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front" });
  chmodSync(strict, 0o640);
  expectRefused(await shelf.run(shelf.strict));
});

asRoot("another user's store, plan or key", async (box) => {
  const shelf = openShelf(box);
  const { strict } = await filled(shelf);
  const others = 65_534;
  chownSync(strict, others, others);
  expectRefused(await shelf.run(shelf.strict));
  for (const path of [shelf.plans, join(shelf.plans, "../.."), shelf.key, join(shelf.key, "..")]) {
    await shelf.run(shelf.strict);
    const intact = readFileSync(strict);
    chownSync(path, others, others);
    overwrite(strict, Buffer.alloc(100));
    expect(await shelf.run(shelf.strict)).toMatchObject({ status: 1, stdout: "" });
    expect(readFileSync(strict).length).toBe(100);
    chownSync(path, 0, 0);
    overwrite(strict, intact);
  }
});

asUsers("a whole store of another user's making, planted in this user's place", async (box) => {
  const shelf = openShelf(box);
  const { strict } = await filled(shelf);
  // The forger has everything but the key: the plan of the lax policy, under the strict one's name, with a MAC of theirs.
  const forged = openShelf(box);
  cpSync(box.path(".local"), box.path("forger"), { recursive: true });
  const bytes = readFileSync(join(forged.plans, forged.names()[0] ?? ""));
  const key = readFileSync(strict).subarray(16, 48);
  key.copy(bytes, 16);
  const mac = new Bun.CryptoHasher("sha256", Buffer.alloc(32, 9))
    .update(bytes.subarray(0, 48))
    .update(bytes.subarray(80))
    .digest();
  Buffer.from(mac).copy(bytes, 48);
  overwrite(strict, bytes);
  expectRefused(await shelf.run(shelf.strict));
});

asUsers("a policy that lets its run write the store or the key neither fills nor uses it", async (box) => {
  const shelf = openShelf(box);
  for (const path of [shelf.plans, box.path("runtime"), box.dir, box.path(".local"), "/"]) {
    await shelf.run(shelf.strict);
    const system = ["/usr", "/bin", "/lib", "/lib64", "/etc"].map((each) => ({
      path: each,
      rights: ["execute", "read_file"],
      optional: true,
    }));
    const policy = insideOnly(box, [], [...system, { path, rights: ["write_file", "make_reg"] }]);
    const before = shelf.names();
    const result = await shelf.run(box.write("writes.toml", policy), { argv: ["/bin/true"] });
    expect([path, result.status, shelf.names()]).toEqual([path, 0, before]);
  }
});

asUsers("many writers at once leave one plan, whole, and nothing else", async (box) => {
  const shelf = openShelf(box);
  const runs = await Promise.all(Array.from({ length: 12 }, () => shelf.run(shelf.lax)));
  for (const result of runs) expect(result).toMatchObject({ status: 0, stdout: "secret\n", stderr: "" });
  expect(shelf.names().length).toBe(1);
  expect(await shelf.run(shelf.lax)).toMatchObject({ by: "front", stdout: "secret\n" });
});

asRoot("on a full disk runs go on, and no half of a plan is left", async (box) => {
  const shelf = openShelf(box);
  const runtime = box.path("runtime");
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", runtime]).exitCode).toBe(0);
  box.defer(() => {
    Bun.spawnSync(["umount", runtime]);
  });
  Bun.spawnSync(["sh", "-c", `cat /dev/zero > ${runtime}/filler`]);
  expect(await shelf.run(shelf.lax)).toMatchObject({ status: 0, stdout: "secret\n", stderr: "" });
  expect(shelf.names()).toEqual([]);
  // Positive control: with room there is a plan.
  unlinkSync(join(runtime, "filler"));
  await shelf.fill(shelf.lax);
});

asUnprivileged("where no plan can be written, runs go on without one", async (box) => {
  const shelf = openShelf(box);
  const name = await shelf.fill(shelf.lax);
  unlinkSync(join(shelf.plans, name));
  chmodSync(shelf.plans, 0o500);
  expect(await shelf.run(shelf.lax)).toMatchObject({ status: 0, stdout: "secret\n", stderr: "" });
  expect(shelf.names()).toEqual([]);
});

asUsers("a store is bounded", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.strict);
  for (let index = 0; index < 300; index++) {
    const file = join(shelf.plans, `${index}`.padStart(64, "0"));
    writeFileSync(file, "old", { mode: 0o600 });
    chownSync(file, box.user.uid, box.user.gid);
  }
  await shelf.run(shelf.lax);
  expect(shelf.names().length).toBeLessThanOrEqual(256);
  expect(await shelf.run(shelf.lax)).toMatchObject({ by: "front", stdout: "secret\n" });
});
