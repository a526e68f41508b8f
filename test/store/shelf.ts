/** A box with a plan store of its own, and runs of which one can tell whether the front served them. */
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Box } from "../harness/box.ts";
import { landlockd } from "../harness/landlockd.ts";
import { insideOnly, RUNNABLE } from "../harness/policies.ts";
import { baseEnv, type ProcessResult } from "../harness/process.ts";

const SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/etc"].map((path) => ({ path, rights: RUNNABLE, optional: true }));

/** What a run was served by, and how it ended. */
export interface Served extends ProcessResult {
  /** Bun writes a plan anew whenever it starts a run: where none was written, the front did it. */
  readonly by: "front" | "bun";
}

export interface Shelf {
  readonly box: Box;
  /** The folder of plans. */
  readonly plans: string;
  /** The file that holds the key. */
  readonly key: string;
  /** A policy file that doesn't grant `outside`, and one that does. */
  readonly strict: string;
  readonly lax: string;
  readonly env: Record<string, string>;
  /** `cat outside/secret`, or another command, under a policy. */
  run(policy: string, options?: ShelfRun): Promise<Served>;
  /** The store as it is now: changes whenever Bun has served a run. */
  fingerprint(folder?: string): string;
  /** The names in the store. */
  names(): string[];
  /** Runs the policy, and tells the name of its plan. */
  fill(policy: string): Promise<string>;
}

export interface ShelfRun {
  readonly argv?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Commands in front of landlockd, that execute it: as the suite's user, as the box's. */
  readonly enter?: readonly string[];
  readonly prefix?: readonly string[];
}

/** Folder and file of the store, as they are now: a plan that was written anew has another inode. */
function fingerprint(folder: string): string {
  if (!existsSync(folder)) return "";
  return readdirSync(folder)
    .sort()
    .map((name) => `${name}:${statSync(join(folder, name), { bigint: true, throwIfNoEntry: false })?.ctimeNs}`)
    .join();
}

export function openShelf(box: Box): Shelf {
  const secret = box.write("outside/secret", "secret\n");
  const runtime = box.mkdir("runtime");
  chmodSync(runtime, 0o700);
  const env = { ...baseEnv(box), XDG_RUNTIME_DIR: runtime };
  const plans = join(runtime, "landlockd/plans");
  const outside = { path: box.path("outside"), rights: ["read_file"] };
  const shelf: Shelf = {
    box,
    plans,
    key: box.path(".local/state/landlockd/key"),
    strict: box.write("strict.toml", insideOnly(box, [], SYSTEM)),
    lax: box.write("lax.toml", insideOnly(box, [], [...SYSTEM, outside])),
    env,
    async run(policy, options = {}) {
      const before = fingerprint(plans);
      const argv = options.argv ?? ["/bin/cat", secret];
      const result = await landlockd(box, ["run", "--policy-file", policy, ...(options.flags ?? []), "--", ...argv], {
        env: { ...env, ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.enter === undefined ? {} : { enter: options.enter }),
        ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
      });
      return { ...result, by: fingerprint(plans) === before && before !== "" ? "front" : "bun" };
    },
    fingerprint: (folder = plans) => fingerprint(folder),
    names: () => (existsSync(plans) ? readdirSync(plans).sort() : []),
    async fill(policy) {
      const before = new Set(shelf.names());
      await shelf.run(policy, { argv: ["/bin/true"] });
      const [name, ...others] = shelf.names().filter((each) => !before.has(each));
      if (name === undefined || others.length > 0) throw new Error(`${policy} made no plan, or more than one`);
      return name;
    },
  };
  return shelf;
}
