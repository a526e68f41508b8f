import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { brokered, expectInside, expectOutside, expectSteps } from "./brokered.ts";
import { runScript } from "./prepared.ts";

asUsers("a declared tmpfs can be mounted, used and unmounted; no other folder takes one", async (box) => {
  const [target, other] = [box.mkdir("target"), box.mkdir("other")];
  box.write("target/covered", "");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]`);
  const events = await expectSteps(box, policy, [
    [["umount", target], "EINVAL"],
    [["mount_tmpfs", target], "OK"],
    [["touch", `${target}/new`], "OK"],
    [["mount_tmpfs", target], "OK"],
    [["umount", target], "OK"],
    [["touch", `${target}/again`], "OK"],
    [["remount_ro", target], "OK"],
    [["touch", `${target}/third`], "EROFS"],
    [["remount_rw", target], "EPERM", "OK"],
    [["umount_lazy", target], "OK"],
    [["umount", target], "EINVAL"],
    [["mount_tmpfs", other], "EPERM", "OK"],
    [["mount_proc", target], "EPERM", box.user.uid === 0 ? "OK" : "EPERM"],
    [["umount", other], "EPERM", "OK"],
  ]);
  expect(readdirSync(target)).toEqual(["covered"]);
  const denied = events.filter(({ decision }) => decision === "deny");
  expect(denied.map(({ event, path, errno }) => ({ event, path, errno }))).toEqual([
    { event: "broker.mount", path: target, errno: 1 },
    { event: "broker.mount", path: other, errno: 1 },
    { event: "broker.mount", path: target, errno: 1 },
    { event: "broker.umount", path: other, errno: 1 },
  ]);
  expect(events[1]).toMatchObject({ event: "broker.mount", operation: "mount", path: target, decision: "allow" });
});

asUsers("a tmpfs of the workload's takes the size that it asks for, and never more than 256 MiB", async (box) => {
  const target = box.mkdir("target");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]`);
  await expectSteps(box, policy, [
    [["mount_tmpfs_data", target, "size=1m,mode=0700"], "OK"],
    [["fill", `${target}/file`, "2"], "ENOSPC"],
    [["umount", target], "OK"],
    [["mount_tmpfs_data", target, "size=8g"], "OK"],
    [["fill", `${target}/file`, "257"], "ENOSPC", "OK"],
    [["umount", target], "OK"],
    [["mount_tmpfs_data", target, "size=0"], "OK"],
    [["fill", `${target}/file`, "257"], "ENOSPC", "OK"],
    [["umount", target], "OK"],
    [["mount_tmpfs_data", target, "bogus=1"], "EINVAL"],
  ]);
});

asUsers("a target is what its path says, by whatever spelling, relative or through a symlink", async (box) => {
  const target = box.mkdir("folder/target");
  box.symlink(target, "link");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]`);
  await expectSteps(box, policy, [
    [["chdir", box.path("folder")], "OK"],
    [["mount_tmpfs", "target"], "OK"],
    [["umount", "./target"], "OK"],
    [["mount_tmpfs", `${box.dir}/folder/../folder//target/.`], "OK"],
    [["umount", target], "OK"],
    [["mount_tmpfs", box.path("link")], "OK"],
    [["umount", target], "OK"],
    [["mount_tmpfs", box.path("folder")], "EPERM", "OK"],
    [["mount_tmpfs", box.path("absent")], "EPERM", "ENOENT"],
  ]);
});

asUsers(
  "a declared bind by mount, by open_tree and move_mount, and by move_mount alone; read-only stays so",
  async (box) => {
    const [source, target, other] = [box.mkdir("source"), box.mkdir("target"), box.mkdir("other")];
    box.write("source/file", "");
    const policy = brokered(box, `[broker]\nmount_bind = [{ source = "${source}", target = "${target}" }]`);
    await expectInside(box, policy, [
      [["mount_bind", source, target], "OK"],
      [["touch", `${target}/file`], "EROFS"],
      [["remount_rw", target], "EPERM"],
      [["writable_path", target], "EPERM"],
      [["umount", target], "OK"],
      [["open_tree", source], "OK"],
      [["attach", other], "EPERM"],
      [["writable_fd"], "EPERM"],
      [["attach", target], "OK"],
      [["attach", target], "EPERM"],
      [["touch", `${target}/file`], "EROFS"],
      [["close"], "OK"],
      [["umount", target], "OK"],
      [["move_by_path", source, target], "OK"],
      [["touch", `${target}/file`], "EROFS"],
      [["umount", target], "OK"],
      [["touch", `${target}/file`], "OK"],
      [["mount_bind", source, other], "EPERM"],
      [["mount_bind", other, target], "EPERM"],
      [["open_tree", other], "EPERM"],
      [["open_tree", "/proc"], "EPERM"],
      [["move_by_path", other, target], "EPERM"],
      [["mount_bind", "/dev/null", "/proc/self/environ"], "EPERM"],
    ]);
    await expectOutside(box, [
      [["mount_bind", source, target], "OK"],
      [["remount_ro", target], "OK"],
      [["remount_rw", target], "OK"],
      [["umount", target], "OK"],
      [["open_tree", source], "OK"],
      [["attach", other], "OK"],
      [["mount_bind", other, target], "OK"],
      [["mount_bind", "/dev/null", "/proc/self/environ"], "OK"],
    ]);
  },
);

asUsers("a bind that the policy lets be written can be made read-only, and not writable again", async (box) => {
  const [source, target] = [box.mkdir("source"), box.mkdir("target")];
  const table = `[broker]\nmount_bind = [{ source = "${source}", target = "${target}", read_only = false }]`;
  await expectInside(box, brokered(box, table), [
    [["mount_bind", source, target], "OK"],
    [["touch", `${target}/one`], "OK"],
    [["readonly_path", target], "OK"],
    [["touch", `${target}/two`], "EROFS"],
    [["writable_path", target], "EPERM"],
    [["remount_rw", target], "EPERM"],
    [["touch", `${source}/two`], "OK"],
  ]);
  expect(readdirSync(source).toSorted()).toEqual(["one", "two"]);
});

asUsers("many processes mount and unmount at once, each sees its own", async (box) => {
  const names = Array.from({ length: 6 }, (_, index) => `target${index}`);
  const targets = names.map((name) => box.mkdir(name));
  const policy = brokered(box, `[broker]\nmount_tmpfs = ${JSON.stringify(targets)}`);
  const cycle =
    "for i in 1 2 3 4 5 6 7 8 9 10; do busybox mount -t tmpfs none $1 && echo $i >$1/file && " +
    '[ "$(cat $1/file)" = $i ] && busybox umount $1 || echo failed; done; ls -A $1';
  const script = `${targets.map((target) => `sh -c '${cycle}' sh ${target} &`).join(" ")} wait; echo end`;
  const result = await runScript(box, policy, script, { audit: true });
  expect(result).toMatchObject({ status: 0, stdout: "end\n", stderr: "" });
  const mounted = result.events.filter(({ event, decision }) => event === "broker.mount" && decision === "allow");
  expect(mounted).toHaveLength(60);
});
