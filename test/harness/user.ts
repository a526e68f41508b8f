/** The two users that the executable is tested as. */

export interface User {
  readonly name: "root" | "unprivileged";
  readonly uid: number;
  readonly gid: number;
}

/** A uid that owns nothing and runs nothing else, so that a signal or a limit of one test hits no one. */
const UNPRIVILEGED_ID = 61_234;

const SUITE_UID: number = process.getuid?.() ?? -1;
export const SUITE_IS_ROOT: boolean = SUITE_UID === 0;

export const ROOT: User = { name: "root", uid: 0, gid: 0 };
export const UNPRIVILEGED: User = SUITE_IS_ROOT
  ? { name: "unprivileged", uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID }
  : { name: "unprivileged", uid: SUITE_UID, gid: process.getgid?.() ?? -1 };
