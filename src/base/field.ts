/**
 * A field of a file of `NAME:	VALUE` lines, as /proc/PID/status and fdinfo are (proc_pid_status(5)), without the blanks
 * around it; undefined where there is none. Lines end with a newline and nothing else: a process may put a carriage
 * return, or what JavaScript's `^` takes for the end of a line besides, into its name, which is the first field. The
 * kernel writes a newline there as `\n`.
 */
export function fieldOf(text: string, name: string): string | undefined {
  const start = `${name}:`;
  const line = text.split("\n").find((each) => each.startsWith(start));
  return line?.slice(start.length).trim();
}
