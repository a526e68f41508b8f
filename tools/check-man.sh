#!/usr/bin/env bash
# The manual page must be formatted without a single warning.
set -eu
page=docs/landlockd.1
warnings=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
if command -v mandoc >/dev/null; then
	# Base-system style remarks (a missing NetBSD date and the like) aren't about this page.
	warnings+=$(mandoc -T lint -W warning "$page" || true)
fi
[ -z "$warnings" ] || { printf '%s\n' "$warnings"; exit 1; }
