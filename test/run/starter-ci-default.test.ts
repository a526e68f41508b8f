import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { runNamed, shellNamed, writeProject, writeRepository } from "../harness/project.ts";
import { startServer } from "../harness/server.ts";

asUsers("ci-default builds and tests a C project with make", async (box) => {
  writeProject(box);
  const result = await runNamed(box, "ci-default", ["make", "test"]);
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(box.path("inside/installed"))).toBe(true);
  expect((await runNamed(box, "ci-default", ["make", "clean"])).status).toBe(0);
});

asUsers("ci-default lets git clone, commit and push between local repositories", async (box) => {
  await writeRepository(box);
  const script = `
    git clone upstream.git clone && cd clone
    git config user.name t && git config user.email t@example.invalid
    echo more >> file && git commit -qam second && git push -q && git gc -q && git log --oneline | wc -l`;
  const result = await shellNamed(box, "ci-default", script);
  expect([result.status, result.stdout.trim()]).toEqual([0, "2"]);
});

asUsers("ci-default runs the shell and the core utilities", async (box) => {
  const script = `
    mkdir -p a/b && echo one > a/b/c && cp -r a d && mv d e && ln -s e link && ln e/b/c hard && touch -d yesterday hard
    mkfifo pipe && (cat pipe > out & echo two > pipe; wait) && sort out e/b/c | tr a-z A-Z | tee upper
    tar cf x.tar e && gzip x.tar && tar xzf x.tar.gz -C a && find a -type f | xargs sha256sum | wc -l
    t=$(mktemp) && echo three > "$t" && cat "$t" && rm -r a e link hard pipe "$t"
    id -u >/dev/null && date >/dev/null && nproc >/dev/null && df . >/dev/null`;
  const result = await shellNamed(box, "ci-default", script);
  expect(result).toMatchObject({ status: 0, stdout: "ONE\nTWO\n2\nthree\n", stderr: "" });
});

asUsers("ci-default runs Python and npm", async (box) => {
  const python =
    "import json, ssl, pathlib, subprocess, tempfile; tempfile.mkdtemp(); print(json.dumps({'ok': ssl.OPENSSL_VERSION != ''}))";
  const result = await runNamed(box, "ci-default", ["/usr/bin/python3", "-c", python]);
  expect(result).toMatchObject({ status: 0, stdout: '{"ok": true}\n', stderr: "" });
  const npm = await runNamed(box, "ci-default", ["npm", "--version"]);
  expect(npm.status).toBe(0);
  expect(npm.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

asUsers("ci-default keeps the rest of the machine from the project", async (box) => {
  const secret = box.write("home/.ssh/id_ed25519", "secret");
  const port = startServer(box, "127.0.0.1");
  const script = `
    cat ${secret} && echo read
    cat /etc/shadow && echo shadow
    echo x > ${box.path("outside/file")} && echo wrote
    echo x >> ${secret} && echo appended
    rm ${secret} && echo removed
    mv ${box.path("outside")} . && echo moved
    ls ${box.path("home")} && echo listed
    : < /dev/kmsg && echo kmsg
    cat /proc/1/environ && echo environ
    exec 3<>/dev/tcp/127.0.0.1/${port} && echo connected
    kill -0 1 && echo signalled
    unshare -Ur true && echo namespace
    mount -t tmpfs none tmp && echo mounted
    true`;
  const result = await runNamed(box, "ci-default", ["/bin/bash", "-c", script]);
  expect(result.stdout).toBe("");
  expect(await Bun.file(secret).text()).toBe("secret");
  expect(existsSync(box.path("outside/file"))).toBe(false);
});
