/** Paths that a broker could take for others than the kernel would. */
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { expectNaive } from "./naive.ts";
import { brokered, prepare } from "./policies.ts";

const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");

asUsers("a path is read up to its NUL, its page's end and its longest, and no byte further", async (box) => {
  const { listed, secret } = prepare(box);
  await expectClaim(box, {
    probe: "paths",
    policy: brokered({ allow_read: [listed] }),
    rows: [
      row(["at_page_end", listed], "OK", "OK"),
      denied("at_page_end", secret),
      row(["cut_off", listed], "EFAULT", "EFAULT"),
      row(["longest", listed], "OK", "OK"),
      denied("longest", secret),
      row(["too_long", listed], "ENAMETOOLONG", "ENAMETOOLONG"),
      row(["at_address", "0"], "EFAULT", "EFAULT"),
      row(["at_address", "8"], "EFAULT", "EFAULT"),
      row(["at_address", "0x7fffffffffff"], "EFAULT", "EFAULT"),
      row(["at_address", "0xffff800000000000"], "EFAULT", "EFAULT"),
      row(["at_address", "0xffffffffffffffff"], "EFAULT", "EFAULT"),
      row(["empty", box.path("outside")], "ENOENT", "ENOENT"),
    ],
  });
  // Who doesn't look how much it got opens what the caller never named.
  for (const [lack, cut, long] of [
    ["bounds", "OK", "OK"],
    ["nothing", "EFAULT", "ENAMETOOLONG"],
  ] as const) {
    await expectNaive(box, lack, "paths", [
      [["at_page_end", listed], "OK"],
      [["cut_off", listed], cut],
      [["too_long", listed], long],
    ]);
  }
});

/** Where a process finds its own links: itself, and its first thread. %d is its pid. */
const OWN: readonly string[] = [
  "/proc/self",
  "/proc/thread-self",
  "/proc/%d",
  "/proc/self/task/%d",
  "/proc/%d/task/%d",
];

asUsers("no magic link leads to a file that isn't listed, in any spelling", async (box) => {
  const { listed, secret } = prepare(box);
  const outside = box.path("outside");
  await expectClaim(box, {
    probe: "paths",
    policy: brokered({ allow_read: [listed] }),
    rows: [
      ...OWN.flatMap((own) => [
        denied("through", `${own}/root`, secret),
        denied("through_cwd", outside, `${own}/cwd`, "/secret"),
        denied("through_cwd", outside, `${own}/cwd`, "/../outside/secret"),
        denied("through_fd", `${own}/fd`, secret),
      ]),
      denied("through_fd", "/dev/fd", secret),
      denied("through", "/proc/self/../self/root", secret),
      denied("through", "/proc/self/root/proc/self/root", secret),
      // Nor to one that is, for the supervisor has links of the same names: passed on, and Landlock denies it.
      denied("through", "/proc/self/root", listed),
      denied("through_fd", "/proc/self/fd", listed),
    ],
  });
});

/** Has a shell open the secret as fd 9, and become what follows. */
const holding = (secret: string): string[] => ["/bin/sh", "-c", 'exec 9<"$0"; exec "$@"', secret];

asUsers(
  "links of scratch into /proc/self don't show what the supervisor has open, its folder or its root",
  async (box) => {
    const { secret, scratch } = prepare(box);
    const links: Readonly<Record<string, string>> = {
      fd: "/proc/self/fd/9",
      "dev-fd": "/dev/fd/9",
      "thread-fd": "/proc/thread-self/fd/9",
      root: `/proc/self/root${secret}`,
      cwd: "/proc/self/cwd/outside/secret",
      environ: "/proc/self/environ",
      maps: "/proc/thread-self/maps",
    };
    for (const [name, target] of Object.entries(links)) box.symlink(target, `scratch/${name}`);
    const attempts = Object.keys(links).map((name): [string, string] => ["read_openat", `${scratch}/${name}`]);
    const prefix = holding(secret);
    await expectClaim(box, {
      probe: "fs",
      policy: brokered({ scratch: [scratch] }),
      prefix,
      // The workload has no fd 9: what it gets is the kernel's answer.
      rows: attempts.map((each) => row(each, "OK", each[1].endsWith("fd") ? "ENOENT" : "EACCES")),
    });
    await expectNaive(
      box,
      "object",
      "fs",
      attempts.map((each) => [each, "OK"]),
      prefix,
    );
  },
);
