import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { openBox } from "../harness/box.ts";
import { asUsers, testUnless } from "../harness/cases.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";
import { projectOptions, runNamed } from "../harness/project.ts";
import { startTlsServer } from "../harness/tls.ts";
import { ROOT, SUITE_IS_ROOT, UNPRIVILEGED } from "../harness/user.ts";

const NOT_ROOT = SUITE_IS_ROOT ? undefined : "only root can enter the server's network namespace";

/** curl's exit statuses: curl(1). */
const COULD_NOT_CONNECT = 7;
const WRITE_ERROR = 23;
const READ_ERROR = 37;

for (const user of [ROOT, UNPRIVILEGED]) {
  testUnless(NOT_ROOT, `net-fetch fetches over TLS from port 443, and from no other (${user.name})`, async () => {
    await using box = openBox(user);
    const { url, caFile, enter } = await startTlsServer(box, [443, 8443]);
    box.write("served/page", "fetched");
    const argv = (...args: string[]): string[] => ["curl", "-sS", "--noproxy", "*", "--cacert", caFile, ...args];
    const curl = async (...args: string[]): Promise<ProcessResult> =>
      await runNamed(box, "net-fetch", argv(...args), { enter });

    const result = await curl("-o", "page", `${url}/page`);
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(box.path("inside/page"), "utf8")).toBe("fetched");
    expect((await curl("-o", box.path("outside/page"), `${url}/page`)).status).toBe(WRITE_ERROR);
    expect(existsSync(box.path("outside/page"))).toBe(false);
    const bare = await runProcess(box, argv(`${url}:8443/page`), { ...projectOptions(box), enter });
    expect(bare.stdout).toBe("fetched");
    expect((await curl(`${url}:8443/page`)).status).toBe(COULD_NOT_CONNECT);
  });
}

asUsers("net-fetch reads nothing of the user's", async (box) => {
  const secret = box.write("home/.netrc", "secret");
  expect((await runNamed(box, "net-fetch", ["curl", "-sS", `file://${secret}`])).status).toBe(READ_ERROR);
  const shell = await runNamed(box, "net-fetch", ["/bin/sh", "-c", `cat ${secret} || ls ${box.path("home")}`]);
  expect(shell.stdout).toBe("");
});

asUsers("net-fetch resolves names as far as files can: the resolver finds its settings", async (box) => {
  const result = await runNamed(box, "net-fetch", ["getent", "ahosts", "localhost"]);
  expect(result.status).toBe(0);
  expect(result.stdout).toMatch(/127\.0\.0\.1|::1/);
});
