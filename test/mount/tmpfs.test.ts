import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { mountOnly, runScript } from "./prepared.ts";

asUsers("a tmpfs hides the folder, takes its size and mode, and leaves no trace", async (box) => {
  const folder = box.mkdir("folder");
  box.write("folder/hidden", "secret");
  const table = `[mount]\ntmpfs = [{ path = "${folder}", size = "1M", mode = "0700" }]`;
  const script = [
    `ls -A ${folder}`,
    `stat -c %a:%U ${folder} | cut -d: -f1`,
    `dd if=/dev/zero of=${folder}/big bs=1M count=2 2>/dev/null; echo dd $?`,
    `stat -c %s ${folder}/big`,
    `grep " ${folder} " /proc/self/mountinfo | cut -d' ' -f6`,
  ];
  const result = await runScript(box, mountOnly(table), script.join("; "), { audit: true });
  expect(result.stderr).toBe("");
  expect(result.stdout).toBe("700\ndd 1\n1048576\nrw,nosuid,nodev,relatime\n");
  expect(readdirSync(folder)).toEqual(["hidden"]);
  const mounted = result.events.filter((event) => event.event === "mount.tmpfs");
  expect(mounted.map(({ path, decision }) => ({ path, decision }))).toEqual([{ path: folder, decision: "allow" }]);
});

asUsers("a tmpfs given by its path alone is world-writable and sticky, as /tmp is", async (box) => {
  const folder = box.mkdir("folder");
  const result = await runScript(box, mountOnly(`[mount]\ntmpfs = ["${folder}"]`), `stat -c %a ${folder}`);
  expect(result).toMatchObject({ status: 0, stdout: "1777\n", stderr: "" });
});

asUsers("a rule on a folder holds on the tmpfs that covers it, and not beneath it elsewhere", async (box) => {
  const [open, closed] = [box.mkdir("open"), box.mkdir("closed")];
  const layer = [
    "[[fs_layer]]",
    'handled_access_fs = ["make_reg", "write_file"]',
    `rule = [{ path = "${open}", allowed_access = ["make_reg", "write_file"] }]`,
  ];
  const policy = mountOnly(`[mount]\ntmpfs = ["${open}", "${closed}"]`, ...layer);
  const script = `echo in > ${open}/file; echo $?; echo in > ${closed}/file; echo $?`;
  const result = await runScript(box, policy, script);
  expect(result.stdout).toBe("0\n1\n");
  expect(result.stderr).toContain("Permission denied");
});

asUsers("a tmpfs on a folder that isn't there is one clear error", async (box) => {
  const result = await runScript(box, mountOnly(`[mount]\ntmpfs = ["${box.path("absent")}"]`), "echo ran", {
    audit: true,
  });
  expect(result.status).toBe(125);
  expect(result.stdout).toBe("");
  expect(result.stderr).toContain(`policy.toml:3:10: cannot mount a tmpfs on "${box.path("absent")}"`);
  expect(result.stderr).toContain("ENOENT");
  expect(result.events.map(({ event, decision, errno }) => ({ event, decision, errno }))).toEqual([
    { event: "mount.tmpfs", decision: "error", errno: 2 },
    { event: "run.error", decision: undefined, errno: 2 },
  ]);
});

asUsers("a working directory that a mount covers is entered again; one that is gone is an error", async (box) => {
  const folder = box.mkdir("folder");
  const inner = box.mkdir("folder/inner");
  const policy = mountOnly(`[mount]\ntmpfs = ["${folder}"]`);
  const covered = await runScript(box, policy, "ls -A .; pwd -P", { cwd: folder });
  expect(covered).toMatchObject({ status: 0, stdout: `${folder}\n`, stderr: "" });
  const gone = await runScript(box, policy, "echo ran", { cwd: inner });
  expect(gone).toMatchObject({ status: 125, stdout: "" });
  expect(gone.stderr).toContain("the working directory isn't there under the mounts");
});
