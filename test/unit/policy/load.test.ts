import { expect, test } from "bun:test";
import { bytesOf, codes, load, placedCodes, refusal } from "../../harness/policy-text.ts";

test("the smallest policy gets its defaults, and no table that it doesn't have", () => {
  expect(load("version = 1").policy).toEqual({ version: 1, compat: "strict", without: [], fs_layer: [] });
});

test("lists of a table that is there are empty, not absent", () => {
  const { policy } = load("version = 1\n[broker]\n[mount]\n[seccomp]\n[scope]\n[runtime]");
  expect(policy.broker).toEqual({
    allow_read: [],
    allow_write: [],
    scratch: [],
    export: [],
    mount_tmpfs: [],
    mount_bind: [],
    mount_object: [],
  });
  expect(policy.mount).toEqual({ tmpfs: [], proc: [], bind: [] });
  expect(policy.seccomp).toEqual({ deny: [], errno: 1, allow: [] });
  expect(policy.scope).toEqual({ allow: [] });
  expect(policy.runtime).toEqual({});
});

test("every key of the language", () => {
  const { policy } = load(`
    version = 1
    compat = "best-effort"
    [[fs_layer]]
    handled_access_fs = ["read_file", "execute"]
    [[fs_layer.rule]]
    path = "/usr//bin/"
    allowed_access = ["read_file"]
    optional = true
    [net]
    handled_access_net = ["connect_tcp"]
    rule = [{ port = 443, allowed_access = ["connect_tcp"] }]
    [broker]
    allow_read = ["/a"]
    allow_write = ["/b"]
    scratch = ["/c"]
    export = ["/d"]
    mount_tmpfs = ["/e"]
    mount_bind = [{ source = "/f", target = "/g" }]
    mount_object = [{ name = "o", fs_type = "proc", attach = ["/h"], attrs = ["nodev"] }]
    [mount]
    tmpfs = ["/i", { path = "/j", size = "64M", mode = "0755" }]
    proc = ["/k"]
    bind = [{ source = "/l", target = "/m", read_only = false }]
    [runtime]
    root = "/r"
    cwd = "/"
    [seccomp]
    deny = ["socket"]
    errno = 13
    allow = ["keyctl"]
    [scope]
    allow = ["signal"]
  `);
  expect(policy).toEqual({
    version: 1,
    compat: "best-effort",
    without: [],
    fs_layer: [
      {
        handled_access_fs: ["read_file", "execute"],
        rule: [{ path: "/usr/bin", allowed_access: ["read_file"], optional: true }],
      },
    ],
    net: { handled_access_net: ["connect_tcp"], rule: [{ port: 443, allowed_access: ["connect_tcp"] }] },
    broker: {
      allow_read: ["/a"],
      allow_write: ["/b"],
      scratch: ["/c"],
      export: ["/d"],
      mount_tmpfs: ["/e"],
      mount_bind: [{ source: "/f", target: "/g", read_only: true }],
      mount_object: [{ name: "o", fs_type: "proc", attach: ["/h"], attrs: ["nodev"] }],
    },
    mount: {
      tmpfs: [{ path: "/i" }, { path: "/j", size: 67108864, mode: 0o755 }],
      proc: ["/k"],
      bind: [{ source: "/l", target: "/m", read_only: false }],
    },
    runtime: { root: "/r", cwd: "/" },
    seccomp: { deny: ["socket"], errno: 13, allow: ["keyctl"] },
    scope: { allow: ["signal"] },
  });
});

const WRONG_TYPES: readonly string[] = [
  "net = 1",
  "net = []",
  "[[net]]",
  "[fs_layer]",
  'fs_layer = "all"',
  "broker = []",
  "broker = false",
  "seccomp = 1979-05-27",
  "seccomp = 07:32:00",
  "runtime = 1.5",
  "mount = inf",
  "scope = nan",
  "[[scope]]",
  "[broker]\nallow_read = '/a'",
  "[broker]\nallow_read = [1]",
  "[broker]\nmount_bind = { source = '/a', target = '/b' }",
  "[mount]\ntmpfs = [['/a']]",
  "[mount]\ntmpfs = [{ path = '/a', mode = 755 }]",
  "[mount]\ntmpfs = [{ path = '/a', size = 1024 }]",
  "[seccomp]\nerrno = 1.0",
  "[seccomp]\nerrno = 99999999999999999999",
  "[seccomp]\ndeny = [[]]",
  "compat = true",
];

for (const text of WRONG_TYPES) {
  test(`a wrong type is an error: ${JSON.stringify(text)}`, () => {
    expect(codes(`version = 1\n${text}`)).toEqual(["wrong-type"]);
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["", "missing-key"],
  ["version = 2", "unsupported-version"],
  ["version = 1.0", "wrong-type"],
  ['version = "1"', "wrong-type"],
  ["version = 1\nversion = 1", "syntax"],
  ["version = ", "syntax"],
  ["version = 1\n[net]\nhandled_access_net = []", "empty-list"],
  ["version = 1\n[[fs_layer]]\nhandled_access_fs = []", "empty-list"],
  ["version = 1\n[[fs_layer]]", "missing-key"],
  ["version = 1\n[[fs_layer]]\nhandled_access_fs = ['read']", "unknown-name"],
  [
    "version = 1\n[net]\nhandled_access_net = ['bind_tcp']\nrule = [{ port = 65536, allowed_access = ['bind_tcp'] }]",
    "out-of-range",
  ],
  [
    "version = 1\n[net]\nhandled_access_net = ['bind_tcp']\nrule = [{ port = -1, allowed_access = ['bind_tcp'] }]",
    "out-of-range",
  ],
  ["version = 1\n[seccomp]\nerrno = 0", "out-of-range"],
  ["version = 1\n[seccomp]\nerrno = 4096", "out-of-range"],
  ["version = 1\ncompat = 'lax'", "unknown-name"],
  ["version = 1\n[mount]\ntmpfs = [{ path = '/a', size = '1T' }]", "bad-value"],
  ["version = 1\n[mount]\ntmpfs = [{ path = '/a', mode = '999' }]", "bad-value"],
  ["version = 1\n[mount]\ntmpfs = [{ size = '1M' }]", "missing-key"],
  ["version = 1\n[broker]\nmount_object = [{ name = '', fs_type = 'proc', attach = ['/a'] }]", "bad-value"],
  ["version = 1\n[broker]\nmount_object = [{ name = 'x', fs_type = 'ext4', attach = ['/a'] }]", "unknown-name"],
  ["version = 1\n[broker]\nmount_object = [{ name = 'x', fs_type = 'proc', attach = [] }]", "empty-list"],
];

for (const [text, code] of REFUSED) {
  test(`${code}: ${JSON.stringify(text)}`, () => {
    expect(codes(text)).toEqual([code]);
  });
}

test("keys that every JavaScript object has are as unknown as any other", () => {
  expect(codes("version = 1\n__proto__ = 1\nconstructor = { a = 1 }\ntoString = 2\n[__proto__.x]")).toEqual(["syntax"]);
  expect(codes("version = 1\n__proto__ = 1\nconstructor = { a = 1 }\ntoString = 2")).toEqual(
    Array(3).fill("unknown-key"),
  );
  expect(codes("version = 1\n[net]\nhandled_access_net = ['bind_tcp']\n__proto__.rule = []")).toEqual(["unknown-key"]);
  expect(({} as { readonly rule?: unknown }).rule).toBeUndefined();
});

test("all errors are told at once, each with its place", async () => {
  const text = `version = 1
fs_layers = []
[net]
handled_access_net = ["bind_tpc"]
[[fs_layer]]
handled_access_fs = ["execute", "raed_file"]
[[fs_layer.rule]]
path = "~/x"
allowed_access = []
optionl = true
[seccomp]
errno = 0
`;
  expect(await placedCodes(text)).toEqual([
    "2:1 unknown-key",
    "4:23 unknown-name",
    "6:33 unknown-name",
    "8:8 tilde-path",
    "9:18 empty-list",
    "10:1 unknown-key",
    "12:9 out-of-range",
  ]);
});

test("a near name is proposed", () => {
  const hints = refusal("version = 1\nfs_layers = []\n[net]\nhandled_access_net = ['bind_tpc']").findings.map(
    (finding) => finding.hint,
  );
  expect(hints).toEqual(['did you mean "fs_layer"?', 'did you mean "bind_tcp"?']);
});

test("a policy that is no UTF-8 is refused, and a byte order mark is not", () => {
  expect(codes(new Uint8Array([0x76, 0xff, 0xfe]))).toEqual(["not-utf8"]);
  expect(codes(new Uint8Array([...bytesOf("a = '"), 0xc0, 0x80, 0x27]))).toEqual(["not-utf8"]);
  expect(load("\ufeffversion = 1").policy.version).toBe(1);
});

const MEGABYTE = 1_048_576;

const HUGE: readonly (readonly [string, string, string])[] = [
  ["lists in lists", `a = ${"[".repeat(MEGABYTE - 4)}`, "too-deep"],
  ["tables in tables", `a = ${"{a=".repeat(300_000)}`, "too-deep"],
  ["brackets alone", "[".repeat(MEGABYTE), "syntax"],
  ["a dotted header", `[${"a.".repeat(500_000)}a]`, "unknown-key"],
  ["a dotted key", `${"a.".repeat(500_000)}a = 1`, "unknown-key"],
  ["more than a megabyte", "#".repeat(MEGABYTE + 1), "too-large"],
];

for (const [name, text, code] of HUGE) {
  test(`a megabyte of ${name} is refused`, () => {
    expect(codes(text)[0]).toBe(code);
  });
}

test("what is nested as deep as a policy needs is not too deep", () => {
  expect(codes("version = 1\na = [[[[[[[[[1]]]]]]]]]")).toEqual(["unknown-key"]);
});

test("more rules than are taken are refused", () => {
  const rule = '{path="/a",allowed_access=["execute"]},';
  const layer = (count: number): string =>
    `[[fs_layer]]\nhandled_access_fs=["execute"]\nrule=[${rule.repeat(count)}]\n`;
  expect(load(`version = 1\n${layer(10_000)}${layer(10_000)}`).policy.fs_layer[1]?.rule.length).toBe(10_000);
  expect(codes(`version = 1\n${layer(10_000)}${layer(10_001)}`)).toEqual(["too-many"]);
  expect(codes(`version = 1\n${layer(20_001)}`)).toEqual(["too-many"]);
});

test("endless findings are cut, and the cut is told", () => {
  const text = `version = 1\n${Array.from({ length: 300 }, (_, index) => `k${index} = 1`).join("\n")}`;
  const { findings } = refusal(text);
  expect(findings.length).toBe(201);
  expect(findings.at(-1)?.message).toBe("100 more errors are not shown");
});

test("wrong values without end are counted, not all told", () => {
  const { findings } = refusal(`version = 1\n[net]\nhandled_access_net = [${'"x",'.repeat(1000)}]`);
  expect(findings.length).toBe(201);
  expect(findings.at(-1)?.message).toBe("800 more errors are not shown");
});

test("policies as large as they may be are refused in seconds", () => {
  const list = (count: number, item: (index: number) => string): string =>
    `[${Array.from({ length: count }, (_, index) => item(index)).join()}]`;
  const mount = `[mount]\ntmpfs = ${list(20_000, (index) => `"/a/${index}"`)}\nproc = ${list(20_000, (index) => `"/b/${index}"`)}`;
  load(`version = 1\n${mount}`);
  const names = list(20_000, (index) => `"opn${index}"`);
  expect(codes(`version = 1\n[seccomp]\ndeny = ${names}\nallow = ${names}`).length).toBe(201);
}, 20_000);

test("a message stays on one line and shows control characters as escapes", () => {
  const { findings } = refusal('version = 1\n"a\\nb\\u0007\\u202e" = 1');
  expect(findings[0]?.message).toBe('unknown key "a\\nb\\u0007\\u202e"');
});
