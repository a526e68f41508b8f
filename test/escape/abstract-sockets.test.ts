import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs } from "../harness/process.ts";
import { within } from "../harness/within.ts";

/** Serves two abstract names outside the sandbox until the box is closed. */
async function startAbstractServer(box: Box): Promise<{ stream: string; dgram: string }> {
  const [stream, dgram] = [`${box.dir}.stream`, `${box.dir}.dgram`];
  const child = Bun.spawn(argvAs(box, [probePath("net"), "abstract_server", stream, dgram]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  await within(30_000, child.stdout.getReader().read(), () => "the server isn't ready");
  return { stream, dgram };
}

asUsers("abstract sockets outside can't be reached", async (box) => {
  const { stream, dgram } = await startAbstractServer(box);
  await expectClaim(box, {
    probe: "net",
    policy: VERSION_ONLY,
    rows: [
      row(["abstract_connect", stream], "OK", "EPERM"),
      row(["abstract_dgram_connect", dgram], "OK", "EPERM"),
      row(["abstract_sendto", dgram], "OK", "EPERM"),
    ],
  });
});

asUsers("a policy can open the scope of abstract sockets", async (box) => {
  const { stream, dgram } = await startAbstractServer(box);
  await expectClaim(box, {
    probe: "net",
    policy: `${VERSION_ONLY}[scope]\nallow = ["abstract_unix_socket"]\n`,
    rows: [row(["abstract_connect", stream], "OK", "OK"), row(["abstract_sendto", dgram], "OK", "OK")],
  });
});
