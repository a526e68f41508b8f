import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { brokered, expectInside, expectOutside, expectSteps, type Step } from "./brokered.ts";

function object(box: Box, target: string, attrs: string = '["readonly"]'): string {
  return brokered(
    box,
    `[[broker.mount_object]]\nname = "tmpfs"\nfs_type = "tmpfs"\nattach = ["${target}"]\nattrs = ${attrs}`,
  );
}

const MADE: readonly Step[] = [
  [["fsopen", "tmpfs"], "OK"],
  [["fsconfig", "size", "1m"], "OK"],
  [["fscreate"], "OK"],
  [["fsmount"], "OK"],
];

asUsers("fsopen, fsconfig, fsmount, move_mount, use, read-only, write fails, umount2", async (box) => {
  const target = box.mkdir("target");
  const events = await expectSteps(box, object(box, target), [
    ...MADE,
    [["attach", target], "OK"],
    [["touch", `${target}/file`], "OK"],
    [["fill", `${target}/big`, "2"], "ENOSPC"],
    [["readonly_fd"], "OK"],
    [["touch", `${target}/file`], "EROFS"],
    [["close"], "OK"],
    [["umount", target], "OK"],
    [["umount", target], "EINVAL"],
  ]);
  expect(events.map(({ event, path, decision }) => `${event} ${path} ${decision}`)).toEqual([
    "broker.fsopen tmpfs allow",
    "broker.fsconfig tmpfs allow",
    "broker.fsconfig tmpfs allow",
    "broker.fsmount tmpfs allow",
    `broker.move_mount ${target} allow`,
    "broker.mount_setattr tmpfs allow",
    `broker.umount ${target} allow`,
    `broker.umount ${target} error`,
  ]);
});

asUsers("an fd is what it stands for, not its number", async (box) => {
  const target = box.mkdir("target");
  const policy = object(box, target);
  await expectSteps(box, policy, [
    ...MADE,
    [["attach_reused", target], "EPERM", "EINVAL"],
    [["attach_closed", target], "EPERM", "EBADF"],
    [["attach_dup", target], "OK"],
    [["touch", `${target}/file`], "OK"],
    [["close"], "OK"],
    [["umount", target], "OK"],
    ...MADE,
    [["attach_in_child", target], "OK"],
    [["close"], "OK"],
    [["umount", target], "OK"],
    [["attach", target], "EPERM", "EBADF"],
    [["fscreate"], "EPERM", "EINVAL"],
    [["fsmount"], "EPERM", "EBADF"],
  ]);
});

asUsers("only declared types, options, attributes and targets", async (box) => {
  const [target, other] = [box.mkdir("target"), box.mkdir("other")];
  box.symlink(other, "link");
  await expectInside(box, object(box, target, "[]"), [
    [["fsopen", "proc"], "EPERM"],
    [["fsopen", "ext4"], "EPERM"],
    [["fsopen", "bogus"], "EPERM"],
    [["fsopen", "tmpfs"], "OK"],
    [["fsconfig", "size", "8g"], "OK"],
    [["fsconfig", "huge", "always"], "EPERM"],
    [["fsconfig", "size", "bogus"], "EINVAL"],
    [["fscreate"], "OK"],
    [["fsreconfigure"], "EPERM"],
    [["fsmount"], "OK"],
    [["touch_in_tree", "file"], "EACCES"],
    [["attach", other], "EPERM"],
    [["attach", "/"], "EPERM"],
    [["attach", box.path("link")], "EPERM"],
    [["readonly_fd"], "EPERM"],
    [["noexec_fd"], "EPERM"],
    [["attach", target], "OK"],
    [["readonly_path", target], "EPERM"],
    [["fill", `${target}/big`, "257"], "ENOSPC"],
    [["close"], "OK"],
    [["umount", target], "OK"],
  ]);
  await expectOutside(box, [
    [["fsopen", "tmpfs"], "OK"],
    [["fsconfig", "huge", "always"], "OK"],
    [["close"], "OK"],
    ...MADE,
    [["noexec_fd"], "OK"],
    [["touch_in_tree", "file"], "OK"],
    [["attach", other], "OK"],
  ]);
});

asUsers(
  "a target that is swapped for a symlink, or for a folder that something is mounted on, isn't fooled",
  async (box) => {
    box.mkdir("folder/target");
    box.mkdir("hidden/target");
    const other = box.mkdir("other");
    const target = box.path("folder/target");
    const table = `[mount]\ntmpfs = ["${box.path("hidden/target")}"]\n[broker]\nmount_tmpfs = ["${target}"]`;
    await expectInside(box, brokered(box, table), [
      // The static tmpfs that hides something isn't carried to where the workload may unmount its own: it is held.
      [["mount_tmpfs", target], "OK"],
      [["rename", box.path("folder"), box.path("away")], "OK"],
      [["rename", box.path("hidden"), box.path("folder")], "EBUSY"],
      [["umount", target], "ENOENT"],
      [["readonly_path", target], "ENOENT"],
      // A symlink on the way to the declared path.
      [["symlink", other, box.path("folder")], "OK"],
      [["mount_tmpfs", target], "ELOOP"],
      [["mkdir", `${other}/target`], "OK"],
      [["mount_tmpfs", target], "EPERM"],
      [["mount_tmpfs", `${other}/target`], "EPERM"],
    ]);
  },
);

asUsers("a target that is swapped for a symlink again and again never gets a mount elsewhere", async (box) => {
  const target = box.mkdir("folder/target");
  const other = box.mkdir("other/target");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]`);
  const race = ["race", box.path("folder"), box.path("away"), box.path("other")] as const;
  const events = await expectSteps(box, policy, [[race, "OK", "EEXIST"]], "mountrace");
  const made = events.filter(({ event, decision }) => event === "broker.mount" && decision === "allow");
  expect(made.length).toBeGreaterThan(0);
  expect(made.some(({ path }) => path === other)).toBe(false);
});

asUsers("mounts, moves and propagation that nothing declares are refused as for anybody", async (box) => {
  const [target, other] = [box.mkdir("target"), box.mkdir("other")];
  const policy = brokered(box, `[mount]\ntmpfs = ["${other}"]\n[broker]\nmount_tmpfs = ["${target}"]`);
  await expectInside(box, policy, [
    [["mount_tmpfs", target], "OK"],
    [["mount_move", target, other], "EPERM"],
    [["mount_shared", "/"], "EPERM"],
    [["mount_shared", target], "EPERM"],
    [["umount", other], "EPERM"],
    [["umount_lazy", "/"], "EPERM"],
    [["move_by_path", target, other], "EPERM"],
    [["remount_rw", other], "EPERM"],
    [["readonly_path", other], "EPERM"],
    [["mount_bind", "/", target], "EPERM"],
  ]);
});
