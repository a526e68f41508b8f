/**
 * The policy language, version 1: its only owner. Validation, the JSON Schema and the reference page come from this
 * schema, and the type `Policy` is proven equal to its output at the end of the file.
 */

import * as v from "valibot";
import { MAX_ERRNO } from "../kernel/errno.ts";
import { FS_RIGHTS, NET_RIGHTS, SCOPES } from "../kernel/landlock.ts";
import type { Policy } from "./policy.ts";
import { modeBits, sizeBytes } from "./units.ts";
import { listOf, path, someOf } from "./values.ts";

export type { Policy } from "./policy.ts";

const fsRight = v.pipe(v.picklist(FS_RIGHTS.map((right) => right.name)), v.description("A Landlock filesystem right."));
const netRight = v.pipe(v.picklist(NET_RIGHTS.map((right) => right.name)), v.description("A Landlock network right."));
const scopeName = v.pipe(v.picklist(SCOPES.map((each) => each.name)), v.description("A Landlock scope."));

const fsRule = v.pipe(
  v.strictObject({
    path: path(
      "Host path. The rights hold on this file, or on this folder and all beneath it. Symlinks are followed, but for those in what the policy lets be changed.",
    ),
    allowed_access: someOf(fsRight, "The rights that are granted here; each must be among the layer's handled ones."),
    optional: v.optional(
      v.pipe(
        v.boolean(),
        v.description(
          "Skip the rule where nothing at the path can hold one, and say so in `run --dry-run`: it doesn't exist (ENOENT, ENOTDIR), this user can't reach it (EACCES), nobody can (ELOOP, ENAMETOOLONG, ENXIO, ENOTCONN, ESTALE), or it is no file of a file system (EBADFD: `/dev/stdout` that is a pipe).",
        ),
      ),
      false,
    ),
  }),
  v.description("Grants rights beneath one path."),
);

const fsLayer = v.pipe(
  v.strictObject({
    handled_access_fs: someOf(
      fsRight,
      "The rights that this layer restricts: denied everywhere, except where one of its rules grants them.",
    ),
    rule: listOf(fsRule, "What stays allowed."),
  }),
  v.description("One Landlock layer. Layers stack: an access must be granted by each layer that handles its right."),
);

const netRule = v.pipe(
  v.strictObject({
    port: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(65535),
      v.description("The port. With `bind_tcp`, 0 means a port that the kernel picks."),
    ),
    allowed_access: someOf(netRight, "The rights that are granted on this port; each must be a handled one."),
  }),
  v.description("Grants rights on one port, whatever the address."),
);

const net = v.pipe(
  v.strictObject({
    handled_access_net: someOf(netRight, "The rights that are restricted: denied on every port without a rule."),
    rule: listOf(netRule, "The ports that stay reachable."),
  }),
  v.description("Restricts TCP (and, from Landlock ABI 10, UDP) by port. Without this table the network is open."),
);

const bind = v.pipe(
  v.strictObject({
    source: path("What is mounted: a host path."),
    target: path("Where it appears: a host path, seen before the pivot into `runtime.root`."),
    read_only: v.optional(v.pipe(v.boolean(), v.description("Mount it read-only.")), true),
  }),
  v.description("One bind mount."),
);

const mountObject = v.pipe(
  v.strictObject({
    name: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(255),
      v.description("The name under which the workload makes it."),
    ),
    fs_type: v.pipe(v.picklist(["tmpfs", "proc"]), v.description("The type of filesystem.")),
    attach: someOf(path("A folder."), "The folders on which it may be attached."),
    attrs: listOf(
      v.picklist(["readonly", "nosuid", "nodev", "noexec"]),
      "The only mount attributes that the workload may set on it.",
    ),
  }),
  v.description("A filesystem that the workload itself may make with fsopen(2), fsconfig(2) and fsmount(2)."),
);

const broker = v.pipe(
  v.strictObject({
    allow_read: listOf(path("A file."), "Files that landlockd opens read-only for the workload although no rule does."),
    allow_write: listOf(
      path("A file; its folder must exist."),
      "Files that landlockd opens for writing, or creates, for the workload although no rule does.",
    ),
    scratch: listOf(
      path("A folder."),
      "Folders beneath which landlockd creates, opens, renames, links and removes for the workload.",
    ),
    export: listOf(
      path("A folder."),
      "Folders into which finished work is published, by renaming or linking it from a scratch folder.",
    ),
    mount_tmpfs: listOf(path("A folder."), "Where the workload itself may mount a tmpfs, and unmount it."),
    mount_bind: listOf(bind, "The bind mounts that the workload itself may make."),
    mount_object: listOf(mountObject, "The filesystems that the workload itself may make."),
  }),
  v.description("Declared exceptions, carried out by landlockd for the workload while it runs."),
);

const tmpfsTable = v.strictObject({
  path: path("A folder."),
  size: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9][0-9]{0,11}[KMG]?$/),
      v.description('Most bytes it may hold, with an optional unit: "64M". Half of the memory when left out.'),
      v.transform(sizeBytes),
    ),
  ),
  mode: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^[0-7]{3,4}$/),
      v.description('Permission bits of its root folder, as octal digits: "0755". "1777" when left out.'),
      v.transform(modeBits),
    ),
  ),
});
const tmpfs = v.union([
  v.pipe(
    path("A folder."),
    v.transform((folder): v.InferOutput<typeof tmpfsTable> => ({ path: folder })),
  ),
  tmpfsTable,
]);

const mount = v.pipe(
  v.strictObject({
    tmpfs: listOf(tmpfs, "Folders that get an empty filesystem in memory; a path, or a table with `size` and `mode`."),
    proc: listOf(path("A folder."), "Folders that get a fresh /proc, which shows the run's own processes only."),
    bind: listOf(bind, "Bind mounts."),
  }),
  v.description("Mounts that are made before the workload starts and are gone with it."),
);

const runtime = v.pipe(
  v.strictObject({
    root: v.exactOptional(path("The folder that becomes the workload's root. Rules keep naming host paths.")),
    cwd: v.exactOptional(path("The working directory: a path inside the root.")),
  }),
  v.description("What the workload starts in."),
);

const seccomp = v.pipe(
  v.strictObject({
    deny: listOf(v.string(), "System calls that fail, by name."),
    errno: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(MAX_ERRNO),
        v.description("The errno that denied calls fail with; 1 is EPERM."),
      ),
      1,
    ),
    allow: listOf(v.string(), "Built-in protections that are opened, by name."),
  }),
  v.description("System calls that are closed on top of the built-in protections, and protections that are opened."),
);

const scope = v.pipe(
  v.strictObject({ allow: listOf(scopeName, "Scopes that are opened.") }),
  v.description("Landlock scopes that every run otherwise gets: no reach to processes outside the sandbox."),
);

const schema = v.pipe(
  v.strictObject({
    version: v.pipe(v.literal(1), v.description("The version of the policy language.")),
    compat: v.optional(
      v.pipe(
        v.picklist(["strict", "best-effort"]),
        v.description("What happens to an item that the host can't enforce: the run fails, or goes on and reports it."),
      ),
      "strict",
    ),
    without: listOf(
      v.pipe(
        v.picklist([...FS_RIGHTS, ...NET_RIGHTS].filter(({ abi }) => abi > 1).map((right) => right.name)),
        v.description("A Landlock right."),
      ),
      "Rights that the policy does without on a host whose Landlock lacks them: said on stderr at each run. On every other host they hold.",
    ),
    fs_layer: listOf(fsLayer, "Landlock layers for files and folders."),
    net: v.exactOptional(net),
    broker: v.exactOptional(broker),
    mount: v.exactOptional(mount),
    runtime: v.exactOptional(runtime),
    seccomp: v.exactOptional(seccomp),
    scope: v.exactOptional(scope),
  }),
  v.title("landlockd policy"),
  v.description("What a sandboxed program may do, in the policy language of landlockd, version 1."),
);

export const policySchema: v.GenericSchema<unknown, Policy> = schema;

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Doesn't compile when `Policy` and the schema's output are not the same type. */
const policyIsSchemaOutput: Equal<Frozen<Policy>, Frozen<v.InferOutput<typeof schema>>> = true;
void policyIsSchemaOutput;
