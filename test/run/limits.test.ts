/**
 * The limits that docs/threat-model.md admits are as it says: a reader must not rely on what isn't there, and a kernel
 * that closes one of them is a reason to change the page.
 */
import { expect } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockdPath, run } from "../harness/landlockd.ts";

/** Programs may run; nothing in the box may be read or written, and no TCP. */
const POLICY = `version = 1
[[fs_layer]]
handled_access_fs = ["execute", "read_file", "read_dir", "write_file", "truncate", "make_reg", "make_sock"]
rule = [
  { path = "/usr", allowed_access = ["execute", "read_file", "read_dir"] },
  { path = "/etc/ld.so.cache", allowed_access = ["read_file"] },
  { path = "/dev/null", allowed_access = ["read_file", "write_file"] },
]
[net]
handled_access_net = ["bind_tcp", "connect_tcp"]
`;

function abi(): number {
  const report = Bun.spawnSync([landlockdPath(), "doctor", "--json"], { stdout: "pipe" });
  return (JSON.parse(report.stdout.toString()) as { landlock: { abi: number } }).landlock.abi;
}

async function works(box: Box, argv: readonly string[]): Promise<string> {
  const result = await run(box, { policy: POLICY, argv });
  expect(result).toMatchObject({ status: 0, stderr: "" });
  return result.stdout;
}

async function python(box: Box, script: string): Promise<string> {
  return await works(box, ["/usr/bin/python3", "-I", "-S", "-c", script]);
}

asUsers("the existence, metadata and owner of a file outside can be asked for", async (box) => {
  const secret = box.write("outside/secret", "12345");
  expect((await run(box, { policy: POLICY, argv: ["cat", secret] })).stderr).toContain("Permission denied");
  expect(await works(box, ["stat", "--format=%s", secret])).toBe("5\n");
  await works(box, ["sh", "-c", 'cd "$1"', "sh", box.path("outside")]);
});

asUsers("permissions and times of one's own file outside can be changed", async (box) => {
  const file = box.write("outside/mine", "x", 0o644);
  await works(box, ["chmod", "600", file]);
  await works(box, ["touch", "--no-create", "--date=@1", file]);
  const { mode, mtimeMs } = statSync(file);
  expect([mode & 0o777, mtimeMs]).toEqual([0o600, 1000]);
});

asUsers("an open descriptor keeps its rights: stdout can be written and truncated", async (box) => {
  const file = box.write("outside/log", "what was there before");
  const shell = ["sh", "-c", 'exec "$@" 1<>"$0"', file];
  const argv = ["/usr/bin/python3", "-I", "-S", "-c", "import os; os.ftruncate(1, 0); os.write(1, b'new')"];
  const result = await run(box, { policy: POLICY, argv, prefix: shell });
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expect(readFileSync(file, "utf8")).toBe("new");
});

asUsers("before ABI 9 a UNIX socket with a path can be connected to", async (box) => {
  if (abi() >= 9) return;
  const path = box.path("outside/socket");
  using server = Bun.listen({ unix: path, socket: { open: (socket) => void socket.end("hello"), data() {} } });
  expect(server.unix).toBe(path);
  expect(statSync(path).isSocket()).toBe(true);
  // Connecting needs write permission on the socket, as everywhere.
  Bun.spawnSync(["chmod", "777", path]);
  const script = `import socket; s = socket.socket(socket.AF_UNIX); s.connect(${JSON.stringify(path)}); print(s.recv(9).decode())`;
  expect(await python(box, script)).toBe("hello\n");
});

asUsers("before ABI 10 UDP isn't restricted", async (box) => {
  if (abi() >= 10) return;
  const heard = Promise.withResolvers<string>();
  const server = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_, data) => heard.resolve(`${data}`) },
  });
  try {
    await python(box, `import socket; socket.socket(2, 2).sendto(b"hello", ("127.0.0.1", ${server.port}))`);
    expect(await heard.promise).toBe("hello");
  } finally {
    server.close();
  }
});

asUnprivileged("the priority of another process of the same user can be lowered", async (box) => {
  const other = await run(box, {
    policy: POLICY,
    prefix: [
      "sh",
      "-c",
      'sleep 60 & other=$!; OTHER=$other "$@"; nice=$(ps -o ni= -p $other); kill $other; exit $nice',
      "sh",
    ],
    argv: ["sh", "-c", "renice -n 7 -p $OTHER >/dev/null"],
  });
  expect(other).toMatchObject({ status: 7, stderr: "" });
});
