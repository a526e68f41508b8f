/** What a run is given as stdin, stdout and stderr was opened before its mounts were made. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers, skipped } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { layer } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";
import { mountOnly, obstacle } from "./prepared.ts";

/** A folder that is bound onto itself, which makes it read-only, with a file in it. */
function readOnly(box: Box): { readonly folder: string; readonly file: string; readonly policy: string } {
  const file = box.write("project/file", "");
  const folder = box.path("project");
  return { folder, file, policy: mountOnly(`[mount]\nbind = [{ source = "${folder}", target = "${folder}" }]`) };
}

const shell = (redirection: string): string[] => ["/bin/sh", "-c", `exec "$@" ${redirection}`, "sh"];
const append = (path: string): string[] => ["/bin/sh", "-c", `echo written >>${path}`];

function stdio(): void {
  asUsers("a folder as stdin leads past a read-only bind: refused, and so as stdout and stderr", async (box) => {
    const { folder, file, policy } = readOnly(box);
    const denied = await run(box, { policy, argv: append(file) });
    expect(denied.stderr).toContain("Read-only file system");
    // Control: by the folder that was opened before, the file is written to all the same.
    const own = ["unshare", ...(box.user.uid === 0 ? [] : ["-Ur"]), "-m", "/bin/sh", "-c"];
    const script = `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder} || exit
      echo written >>${file} || echo written >>/proc/self/fd/0/file`;
    const bare = await runProcess(box, [...shell(`<${folder}`), ...own, script]);
    expect(bare.stderr).toContain("Read-only file system");
    expect(readFileSync(file, "utf8")).toBe("written\n");
    for (const redirection of [`<${folder}`, `0<${folder} 1<&0`]) {
      const argv = append("/proc/self/fd/0/file");
      const confined = await run(box, { policy, argv, prefix: shell(redirection) });
      expect(confined.status).toBe(125);
      expect(confined.stderr).toContain("stdin, stdout or stderr is a folder");
    }
    expect((await run(box, { policy, argv: append(file), prefix: shell(`2<${folder}`) })).status).toBe(125);
    expect(readFileSync(file, "utf8")).toBe("written\n");
  });

  asUsers("a file as stdin can be opened anew past a read-only bind, where no layer denies it", async (box) => {
    const { file, policy } = readOnly(box);
    const layered = policy + layer(["write_file"], [{ path: "/dev/null", rights: ["write_file"] }]);
    const options = { argv: append("/proc/self/fd/0"), prefix: shell(`<${file}`) };
    expect((await run(box, { ...options, policy: layered })).stderr).toContain("Permission denied");
    expect(readFileSync(file, "utf8")).toBe("");
    expect(await run(box, { ...options, policy })).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(file, "utf8")).toBe("written\n");
  });
}

if (obstacle !== undefined) skipped("stdio and mounts", obstacle);
else stdio();
