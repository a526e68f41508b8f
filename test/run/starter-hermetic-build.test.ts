import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { landlockd } from "../harness/landlockd.ts";
import { projectOptions, runNamed, writeProject } from "../harness/project.ts";
import { startServer } from "../harness/server.ts";

asUsers("hermetic-build compiles and tests a C project", async (box) => {
  writeProject(box);
  const result = await runNamed(box, "hermetic-build", ["make", "test"]);
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(box.path("inside/hello"))).toBe(true);
});

asUsers("hermetic-build lets no build reach a network, or read what could make two builds differ", async (box) => {
  const port = startServer(box, "127.0.0.1");
  const probe = await Bun.file(probeArgv("net", [])[0] ?? "").bytes();
  box.write("inside/net", probe, 0o755);
  const attempts = `./net connect_v4 ${port} + socket 2 2 0 + socket 10 1 0 + socket 1 1 0 + socketpair 1 1`;
  const control = await landlockd(
    box,
    ["run", "--policy-file", box.write("open.toml", "version = 1\n"), "--", "/bin/sh", "-c", attempts],
    projectOptions(box),
  );
  expect(control.stdout).toBe("connect_v4 OK\nsocket OK\nsocket OK\nsocket OK\nsocketpair OK\n");
  const result = await runNamed(box, "hermetic-build", ["/bin/sh", "-c", attempts]);
  const refused = "connect_v4 EAFNOSUPPORT\nsocket EAFNOSUPPORT\nsocket EAFNOSUPPORT\nsocket EAFNOSUPPORT\n";
  // A pair of connected sockets leads nowhere: programs use it in place of a pipe.
  expect(result.stdout).toBe(`${refused}socketpair OK\n`);
  box.write("home/.config/settings", "x");
  const script = `
    cat ${box.path("home/.config/settings")} && echo settings
    cat /etc/hostname && echo hostname
    ls /home && echo home
    echo x > ${box.path("outside/x")} && echo wrote
    true`;
  expect((await runNamed(box, "hermetic-build", ["/bin/sh", "-c", script])).stdout).toBe("");
});
