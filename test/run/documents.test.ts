/** Every policy that a document shows, or a comment suggests, does what the text beside it says. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { type Box, openBox } from "../harness/box.ts";
import { asUsers, testUnless } from "../harness/cases.ts";
import { documentPolicies, policyOf, STARTERS, starterText, tomlBlocks } from "../harness/documents.ts";
import { landlockd } from "../harness/landlockd.ts";
import { type ProcessOptions, type ProcessResult, runProcess } from "../harness/process.ts";
import { projectOptions } from "../harness/project.ts";
import { startServer } from "../harness/server.ts";
import { startTlsServer, type TlsServer } from "../harness/tls.ts";
import { ROOT, SUITE_IS_ROOT, UNPRIVILEGED } from "../harness/user.ts";

const NOT_ROOT = SUITE_IS_ROOT ? undefined : "only root can enter the server's network namespace";

async function runText(
  box: Box,
  text: string,
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const policy = box.write("policies/shown.toml", text);
  return await landlockd(box, ["run", "--policy-file", policy, "--", ...argv], { ...projectOptions(box), ...options });
}

/** With the temporary folder out of the work folder, as it is for a person. */
function lintOptions(box: Box): ReturnType<typeof projectOptions> {
  const options = projectOptions(box);
  return { ...options, env: { ...options.env, TMPDIR: box.mkdir("temporary") } };
}

asUsers("every policy that is shown or built in is linted strictly without a finding", async (box) => {
  const root = box.mkdir("root");
  const shown = documentPolicies().map(
    ({ name, text }) =>
      [name, ["--policy-file", box.write(`policies/${name.replaceAll("/", "-")}.toml`, text)]] as const,
  );
  const starters = STARTERS.map((name) => [name, ["--policy", name, "--set", `ROOT=${root}`]] as const);
  expect(shown.map(([name]) => name)).toEqual(
    expect.arrayContaining(["README.md", "docs/policy-reference.md", "docs/landlockd.1"]),
  );
  for (const name of ["prepared-root", "prepared-root-net"]) {
    // What the policy's own comment says is to be made.
    const made = /^# {3}(mkdir -p ROOT.*)$/m.exec(starterText(name))?.[1] ?? "exit 1";
    const script = made.replaceAll("touch ", `mkdir -p ${root}/etc && touch `).replaceAll("ROOT/", `${root}/`);
    expect((await runProcess(box, ["/bin/sh", "-euc", script])).status).toBe(0);
  }
  for (const [name, flags] of [...shown, ...starters]) {
    const { status, stdout } = await landlockd(box, ["lint", "--strict", ...flags], lintOptions(box));
    expect({ name, status, stdout }).toEqual({ name, status: 0, stdout: "" });
  }
});

test("the manual page's policy is the README's", () => {
  expect(Bun.TOML.parse(policyOf("docs/landlockd.1"))).toEqual(Bun.TOML.parse(policyOf("README.md")));
});

const WORK = `
  node -e 'require("fs").mkdirSync("n/m", {recursive: true}); console.log("node", require("child_process").execSync("echo ran").toString().trim())'
  printf 'int puts(const char *);\\nint main(void) { return puts("built") < 0; }\\n' > main.c
  mkdir -p target/deps && cc -o target/deps/main-1 main.c && ln target/deps/main-1 target/main && ./target/main
  mv target/deps/main-1 target/moved && mv target/moved . && ln -s moved link && ./link && rm -r target n link moved
  git init -q up && cd up && git config user.name t && git config user.email t@example.invalid
  cp ../main.c . && git add main.c && git commit -qm one && git clone -q . ../down && cd ../down && git log --oneline | wc -l
  /usr/bin/python3 -c 'import tempfile; print("python", tempfile.TemporaryFile().write(b"x"))'
  id -u >/dev/null && mktemp >/dev/null`;

for (const document of ["README.md", "docs/landlockd.1"]) {
  asUsers(`${document}: under its policy node, a compiler, git and Python work in the folder`, async (box) => {
    const options = projectOptions(box);
    box.write("home/.gitconfig", "[init]\ndefaultBranch = main\n");
    const result = await runText(box, policyOf(document), ["/bin/sh", "-euc", WORK], options);
    expect(result).toMatchObject({ status: 0, stdout: "node ran\nbuilt\nbuilt\n1\npython 1\n", stderr: "" });
  });

  asUsers(
    `${document}: under its policy nothing else is written, removed or read, and there is no TCP`,
    async (box) => {
      const port = startServer(box, "127.0.0.1");
      const file = box.write("home/some-file", "mine\n");
      const attempts = [
        `rm ${file}`,
        `cat ${file}`,
        `echo x >>${file}`,
        `: >${file}`,
        `echo x >${box.path("home/new")}`,
        `mkdir ${box.path("home/folder")}`,
        `ln -s x ${box.path("home/link")}`,
        `mv ${file} .`,
        `mv ${box.path("home")} ${box.path("house")}`,
        `ls ${box.path("home")}`,
        "cat /etc/shadow",
        `exec 3<>/dev/tcp/127.0.0.1/${port}`,
      ];
      for (const each of attempts) {
        const { status, stderr } = await runText(box, policyOf(document), ["/bin/bash", "-c", each]);
        expect([each, status !== 0, stderr]).toEqual([each, true, expect.stringContaining("Permission denied")]);
      }
      expect(readFileSync(file, "utf8")).toBe("mine\n");
      // Positive controls: without landlockd each of these is possible.
      const bare = await runProcess(box, [
        "/bin/bash",
        "-euc",
        `exec 3<>/dev/tcp/127.0.0.1/${port}; cat ${file}; rm ${file}`,
      ]);
      expect([bare.status, bare.stdout, existsSync(file)]).toEqual([0, "mine\n", false]);
    },
  );
}

asUsers("docs/policy-reference.md: what is handled is denied, and rules grant it again", async (box) => {
  const file = box.write("outside/file", "mine\n");
  const text = policyOf("docs/policy-reference.md");
  const granted = "echo a >f; cat f >g; : >f; mv f h; rm h; ls; cat /usr/bin/env >/dev/null";
  expect(await runText(box, text, ["/bin/sh", "-euc", granted])).toMatchObject({
    status: 0,
    stdout: "g\ntmp\n",
    stderr: "",
  });
  for (const each of [
    `rm ${file}`,
    `cat ${file}`,
    `echo x >>${file}`,
    "mkdir folder",
    "ln -s a b",
    "mkfifo p",
    "cp /bin/true t; ./t",
  ]) {
    const { status, stderr } = await runText(box, text, ["/bin/sh", "-c", each]);
    expect([each, status !== 0, stderr]).toEqual([each, true, expect.stringContaining("Permission denied")]);
  }
});

asUsers("docs/broker.md: the lists do what stands beside them", async (box) => {
  const [lists = ""] = tomlBlocks("docs/broker.md");
  for (const folder of ["scratch", "results", "log"]) box.mkdir(folder);
  const moved = lists.replace("/var/log/", `${box.path("log")}/`).replaceAll("/srv/", `${box.dir}/`);
  const script = `
    cat /etc/resolv.conf >/dev/null
    echo one >${box.path("log/job.log")}; echo two >>${box.path("log/job.log")}
    cd ${box.path("scratch")}; mkdir d; echo done >d/f; mv d/f ${box.path("results/f")}; rmdir d`;
  const first = policyOf("README.md");
  expect(await runText(box, first + moved, ["/bin/sh", "-euc", script])).toMatchObject({ status: 0, stderr: "" });
  expect([readFileSync(box.path("log/job.log"), "utf8"), readFileSync(box.path("results/f"), "utf8")]).toEqual([
    "one\ntwo\n",
    "done\n",
  ]);
  for (const each of [
    `echo x >${box.path("results/g")}`,
    `echo x >${box.path("log/other")}`,
    "echo x >>/etc/resolv.conf",
  ]) {
    const { status, stderr } = await runText(box, first + moved, ["/bin/sh", "-c", each]);
    expect([each, status !== 0, stderr]).toEqual([each, true, expect.stringContaining("ermission denied")]);
  }
  expect((await runText(box, first, ["/bin/cat", "/etc/resolv.conf"])).stderr).toContain("Permission denied");
});

/** Answers every question for an address with 127.0.0.1, by UDP, at an address that no resolver falls back to; and a resolv.conf that names it. */
async function startNameServer(box: Box, { enter }: TlsServer): Promise<readonly string[]> {
  const script = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.2", 53))
print("ready", flush=True)
while True:
    q, who = s.recvfrom(512)
    end = q.index(0, 12) + 5
    is_a = q[end - 4:end - 2] == bytes([0, 1])
    answer = bytes.fromhex("c00c00010001000000010004") + bytes([127, 0, 0, 1]) if is_a else b""
    s.sendto(q[:2] + bytes([0x81, 0x80, 0, 1, 0, int(is_a), 0, 0, 0, 0]) + q[12:end] + answer, who)
`;
  const child = Bun.spawn([...enter, "/usr/bin/python3", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  await child.stdout.getReader().read();
  const resolv = box.write("resolv.conf", "nameserver 127.0.0.2\n");
  return [...enter, "unshare", "--mount", "/bin/sh", "-euc", 'mount --bind "$0" /etc/resolv.conf; exec "$@"', resolv];
}

for (const user of [ROOT, UNPRIVILEGED]) {
  testUnless(NOT_ROOT, `docs/policy-reference.md: TCP is port 443 alone (${user.name})`, async () => {
    await using box = openBox(user);
    const server = await startTlsServer(box, [443, 8443]);
    const text = policyOf("docs/policy-reference.md");
    const connect = (port: number): Promise<ProcessResult> =>
      runText(box, text, ["/bin/bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`], { enter: server.enter });
    expect((await connect(443)).status).toBe(0);
    expect((await connect(8443)).stderr).toContain("Permission denied");
  });

  testUnless(
    NOT_ROOT,
    `ci-default with the lines that its comments suggest fetches by name over TLS (${user.name})`,
    async () => {
      await using box = openBox(user);
      const server = await startTlsServer(box, [443]);
      const enter = await startNameServer(box, server);
      box.write("served/page", "fetched");
      const suggested = starterText("ci-default").replace(
        /^( *)# (rule = \[\{ port|\{ path = "\/etc\/resolv)/gm,
        "$1$2",
      );
      expect(
        suggested.split("\n").filter((line, at) => line !== starterText("ci-default").split("\n")[at]),
      ).toHaveLength(2);
      const curl = ["curl", "-sS", "--noproxy", "*", "--cacert", server.caFile, "https://landlockd.test/page"];
      expect(await runText(box, suggested, curl, { enter })).toMatchObject({
        status: 0,
        stdout: "fetched",
        stderr: "",
      });
      const lint = await landlockd(box, ["lint", "--strict", box.path("policies/shown.toml")], lintOptions(box));
      expect([lint.status, lint.stdout]).toEqual([0, ""]);
      // As it stands it has neither names nor TCP.
      const COULD_NOT_RESOLVE = 6;
      expect((await runText(box, starterText("ci-default"), curl, { enter })).status).toBe(COULD_NOT_RESOLVE);
    },
  );
}
