import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { asUsers, skipped } from "../harness/cases.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { mountOnly, runOnHost, runScript } from "./prepared.ts";

asUsers("a bind is read-only unless the policy says otherwise", async (box) => {
  const [source, target, other] = [box.mkdir("source"), box.mkdir("target"), box.mkdir("other")];
  box.write("source/file", "data\n");
  const table = [
    "[[mount.bind]]",
    `source = "${source}"\ntarget = "${target}"`,
    "[[mount.bind]]",
    `source = "${source}"\ntarget = "${other}"\nread_only = false`,
  ];
  const script = `cat ${target}/file; echo x > ${target}/file; echo $?; echo new > ${other}/new; cat ${target}/new`;
  const result = await runScript(box, mountOnly(...table), script, { audit: true });
  expect(result.stdout).toBe("data\n1\nnew\n");
  expect(result.stderr).toContain("Read-only file system");
  expect(readFileSync(`${source}/new`, "utf8")).toBe("new\n");
  expect(existsSync(`${target}/file`)).toBe(false);
  const binds = result.events.filter(({ event }) => event === "mount.bind");
  expect(binds.map(({ source: from, target: to, read_only, decision }) => [from, to, read_only, decision])).toEqual([
    [source, target, true, "allow"],
    [source, other, false, "allow"],
  ]);
});

asUsers("a file can be bound onto a file", async (box) => {
  const [source, target] = [box.write("source", "bound\n"), box.write("target", "covered\n")];
  const table = `[[mount.bind]]\nsource = "${source}"\ntarget = "${target}"`;
  const result = await runScript(box, mountOnly(table), `cat ${target}; echo x > ${target}`);
  expect(result.stdout).toBe("bound\n");
  expect(result.stderr).toContain("Read-only file system");
  expect(readFileSync(target, "utf8")).toBe("covered\n");
});

asUsers("a source is what the host has there, even where another mount covers it", async (box) => {
  const [folder, target] = [box.mkdir("folder"), box.mkdir("target")];
  box.write("folder/file", "of the host\n");
  const table = `[mount]\ntmpfs = ["${folder}"]\nbind = [{ source = "${folder}", target = "${target}" }]`;
  const result = await runScript(box, mountOnly(table), `ls -A ${folder}; cat ${target}/file`);
  expect(result).toMatchObject({ stdout: "of the host\n", stderr: "" });
});

asUsers("inner mounts land on outer ones, whatever their order in the policy", async (box) => {
  const [source, target] = [box.mkdir("source"), box.mkdir("target")];
  box.mkdir("source/inner");
  box.write("source/inner/covered", "");
  const table = `[mount]\ntmpfs = ["${target}/inner"]\nbind = [{ source = "${source}", target = "${target}" }]`;
  const result = await runScript(
    box,
    mountOnly(table),
    `ls -A ${target}/inner; touch ${target}/inner/new && echo made`,
  );
  expect(result).toMatchObject({ stdout: "made\n", stderr: "" });
  expect(existsSync(`${source}/inner/new`)).toBe(false);
});

if (SUITE_IS_ROOT) {
  asUsers("a bind brings what is mounted beneath its source, all of it read-only", async (box) => {
    const [source, target] = [box.mkdir("source"), box.mkdir("target")];
    const inner = box.mkdir("source/inner");
    const prepare = `mount -t tmpfs -o mode=0777 tmpfs ${inner}; echo below > ${inner}/file`;
    const table = `[[mount.bind]]\nsource = "${source}"\ntarget = "${target}"`;
    const script = `cat ${target}/inner/file; echo x > ${target}/inner/file; echo x > ${inner}/file && echo wrote`;
    const result = await runOnHost(box, prepare, mountOnly(table), script);
    expect(result.stdout).toContain("below\n");
    expect(result.stderr).toContain(`${target}/inner/file: Read-only file system`);
  });

  asUsers("the flags of a nosuid, nodev, noexec mount are kept by a read-only bind of it", async (box) => {
    const [source, target] = [box.mkdir("source"), box.mkdir("target")];
    const prepare = `mount -t tmpfs -o nosuid,nodev,noexec,noatime tmpfs ${source}`;
    const table = `[[mount.bind]]\nsource = "${source}"\ntarget = "${target}"`;
    const script = `grep " ${target} " /proc/self/mountinfo | cut -d' ' -f6`;
    const result = await runOnHost(box, prepare, mountOnly(table), script);
    expect(result).toMatchObject({ status: 0, stdout: "ro,nosuid,nodev,noexec,noatime\n", stderr: "" });
  });

  asUsers("a source that is mounted read-only stays so, whatever the policy asks for", async (box) => {
    const [source, target] = [box.mkdir("source"), box.mkdir("target")];
    const prepare = `mount -t tmpfs -o ro tmpfs ${source}`;
    const table = `[[mount.bind]]\nsource = "${source}"\ntarget = "${target}"\nread_only = false`;
    const result = await runOnHost(box, prepare, mountOnly(table), `touch ${target}/new`);
    expect(result.stderr).toContain("Read-only file system");
  });
} else {
  skipped("binds of mounts that the test makes", "the suite runs unprivileged");
}

asUsers("a rule on a target holds on what is bound there; what the target covers is out of reach", async (box) => {
  const [source, target] = [box.mkdir("source"), box.mkdir("target")];
  box.write("source/file", "bound\n");
  box.write("other/file", "other\n");
  const table = `[[mount.bind]]\nsource = "${source}"\ntarget = "${target}"`;
  const layer = [
    "[[fs_layer]]",
    'handled_access_fs = ["read_file"]',
    `rule = [{ path = "${target}", allowed_access = ["read_file"] },`,
    '{ path = "/bin", allowed_access = ["read_file"] }, { path = "/lib", allowed_access = ["read_file"] }]',
  ];
  const script = `cat ${target}/file; cat ${box.path("other/file")}`;
  const result = await runScript(box, mountOnly(table, ...layer), script);
  expect(result.stdout).toBe("bound\n");
  expect(result.stderr).toContain("Permission denied");
});
