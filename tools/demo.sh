#!/bin/sh
# make demo: a real program works inside a policy, and what the policy doesn't grant fails. Exits 1 if either isn't so.
set -u
landlockd=$(realpath "$1")

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold='\033[1m' green='\033[32m' red='\033[31m' plain='\033[0m'
else
	bold='' green='' red='' plain=''
fi

# A work folder that the policy grants, and beside it a file that it doesn't mention.
stage=$(mktemp -d) || exit 1
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM
mkdir "$stage/work" "$stage/secrets" "$stage/tmp"
# ci-default grants the temporary folder too.
export TMPDIR="$stage/tmp"
echo 'the deploy key' >"$stage/secrets/key"
cat >"$stage/work/hello.c" <<'C'
#include <stdio.h>
int main(void) { return puts("hello from inside the sandbox") < 0; }
C
cd "$stage/work" || exit 1
failed=0

# show WANT TITLE COMMAND...: WANT is `works` or `refused`.
show() {
	want=$1 title=$2
	shift 2
	printf "\n${bold}%s${plain}\n  \$ landlockd run --policy ci-default -- %s\n" "$title" "$*"
	# A refusal means something only if the same command works outside.
	if [ "$want" = refused ] && ! "$@" >/dev/null 2>&1; then
		printf "  ${red}the control failed: this doesn't work without landlockd either${plain}\n"
		failed=1
	fi
	rm -f ../secrets/planted.c
	"$landlockd" run --policy ci-default -- "$@" >"$stage/out" 2>&1
	status=$?
	sed 's/^/    /' "$stage/out"
	case $want:$status in
	works:0 | refused:1 | refused:2) printf "  ${green}%s${plain}, as it should be (exit status %s)\n" "$want" "$status" ;;
	*)
		printf "  ${red}expected: %s; exit status %s${plain}\n" "$want" "$status"
		failed=1
		;;
	esac
}

printf "${bold}landlockd runs programs under the starter policy ci-default:${plain}\n"
printf 'the tools of the system, and the folder %s.\n' "$PWD"

show works 'A compiler builds a program' gcc -o hello hello.c
show works 'The program runs' ./hello
show works 'git makes a repository' git init --quiet --initial-branch=main repository
show refused 'A file beside the work folder' cat ../secrets/key
show refused 'The same file by another way' head -n 1 /proc/self/cwd/../secrets/key
show refused 'Writing outside' cp hello.c ../secrets/planted.c

if [ -e ../secrets/planted.c ]; then
	printf "\n${red}a file was written outside the policy${plain}\n"
	failed=1
fi

if [ "$failed" = 0 ]; then
	printf "\n${green}The kernel held every program to the policy.${plain} "
	printf 'Read it: policies/ci-default.toml. Try your own: README.md.\n'
fi
exit "$failed"
