/** Audit events of the broker; `pid` is the calling thread's, as landlockd sees it. */

/** "error": what was allowed failed, as it would have for anybody. */
export type Decision = "allow" | "deny" | "error";

/** Bytes, because a path needn't be UTF-8; null where the caller's folder can't be told. */
type Path = Uint8Array | null;

interface Common {
  readonly pid: number;
  readonly syscall: string;
  readonly decision: Decision;
  /** Positive, and only where the call failed. */
  readonly errno?: number;
}

interface Entry extends Common {
  readonly operation: "mkdir" | "mknod" | "unlink" | "rmdir" | "truncate";
  readonly path: Path;
}

interface Move extends Common {
  readonly operation: "rename" | "link";
  readonly old_path: Path;
  readonly new_path: Path;
  /** It crossed from scratch into export. */
  readonly published: boolean;
}

/** A mount call of the workload's own. */
type MountCall = "fsopen" | "fsconfig" | "fsmount" | "open_tree" | "mount" | "move_mount" | "mount_setattr" | "umount";

export type BrokerEvent =
  | (Common & {
      readonly event: `broker.${MountCall}`;
      readonly operation: MountCall;
      /** An object's name, a source or a target; null where it can't be told. */
      readonly path: Path;
    })
  | (Common & {
      readonly event: "broker.open";
      readonly scope: "exception" | "scratch";
      readonly operation: "read" | "write" | "read_write" | "create";
      readonly path: Path;
    })
  | (Entry & {
      readonly event: "broker.mkdir" | "broker.mknod" | "broker.unlink" | "broker.rmdir" | "broker.truncate";
    })
  | (Move & { readonly event: "broker.rename" | "broker.link" })
  | (Common & {
      readonly event: "broker.symlink";
      readonly operation: "symlink";
      readonly target: Uint8Array;
      readonly path: Path;
    });
