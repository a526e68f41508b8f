import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

/** A mount namespace of the test's own, in which its user may mount. */
function ownNamespace(box: Box): string[] {
  return box.user.uid === 0 ? ["unshare", "-m"] : ["unshare", "-Urm"];
}

asUsers("nothing can be mounted, unmounted or pivoted to, by the old calls or the new", async (box) => {
  const isRoot = box.user.uid === 0;
  const [source, target] = [box.mkdir("source"), box.mkdir("target")];
  const rows: Row[] = [
    row(["mount_tmpfs", target], "OK", "EPERM"),
    row(["mount_bind", source, target], "OK", "EPERM"),
    row(["mount_private", "/"], "OK", "EPERM"),
    row(["umount", target], "EINVAL", "EPERM"),
    row(["pivot_root", target], isRoot ? "EBUSY" : "EINVAL", "EPERM"),
    row(["chroot", target], "OK", "EPERM"),
    row(["fsopen"], "OK", "EPERM"),
    row(["fsconfig"], "EINVAL", "EPERM"),
    row(["fsmount"], "EBADF", "EPERM"),
    row(["fspick"], "OK", "EPERM"),
    row(["open_tree", "/"], "OK", "EPERM"),
    row(["open_tree_clone", target], "OK", "EPERM"),
    row(["open_tree_attr", "/"], "OK", "EPERM"),
    row(["move_mount"], "EBADF", "EPERM"),
    row(["mount_setattr"], "EBADF", "EPERM"),
  ];
  await expectClaim(box, { probe: "mount", policy: VERSION_ONLY, prefix: ownNamespace(box), rows });
});
