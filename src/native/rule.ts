/** Whether a Landlock rule can be on a path: only trying tells. */

import { O_PATH } from "../kernel/file.ts";
import { closeFile, openFile } from "./file.ts";
import { syscall } from "./syscall.ts";

const RULE_PATH_BENEATH = 1;
const EXECUTE = 1n;

/** struct landlock_path_beneath_attr, which is packed: u64 allowed_access, s32 parent_fd. */
function pathBeneath(fd: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(12));
  bytes.setBigUint64(0, EXECUTE, true);
  bytes.setInt32(8, fd, true);
  return new Uint8Array(bytes.buffer);
}

/** As csrc/plan/apply.c puts one there: 0 or -errno. Where there is no Landlock, whether the path can be opened. */
export function tryRule(path: string): number {
  const fd = openFile(path, O_PATH);
  if (fd < 0) return fd;
  const ruleset = syscall("landlock_create_ruleset", new BigUint64Array([EXECUTE]), 8, 0);
  const result = ruleset < 0 ? 0 : syscall("landlock_add_rule", ruleset, RULE_PATH_BENEATH, pathBeneath(fd), 0);
  if (ruleset >= 0) closeFile(ruleset);
  closeFile(fd);
  return result;
}
