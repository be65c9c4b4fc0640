# Sourced by the system tests that are bash scripts.
# shellcheck shell=bash

num_failed=0

ok()
{
	echo "ok $1"
}

not_ok()
{
	num_failed=$((num_failed + 1))
	echo "not ok $*"
}

skip()
{
	echo "skip $*"
}

# it NAME COMMAND…: ok if the command succeeds; its output is shown when it does not.
it()
{
	local name=$1 out
	shift

	if out=$("$@" 2>&1); then
		ok "$name"
	else
		echo "$out" | tail -n 40
		not_ok "$name" "$(echo "$out" | tail -n 1 | cut -c 1-300)"
	fi
}

# Lines of a program that speaks the same protocol, and its failures.
pass_on()
{
	local line

	while IFS= read -r line; do
		echo "$line"
		[ "${line#not ok}" = "$line" ] || num_failed=$((num_failed + 1))
	done
}

finish()
{
	[ "$num_failed" = 0 ]
	exit
}
