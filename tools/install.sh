# Sourced by ./up and ./check: what they need from Debian, and how they build.
# root is the checkout's folder, set by who sources this.
# shellcheck shell=bash disable=SC2034,SC2154

build_packages=(meson ninja-build gcc libc6-dev pkg-config ccache python3 libmicrohttpd-dev libjansson-dev libinih-dev
	libsqlite3-dev libcurl4-openssl-dev libseccomp-dev libssl-dev libcmocka-dev)

# A JDK of another name serves as well as Debian's default one.
check_packages=(clang clang-format valgrind libgcrypt20-dev libclang-rt-14-dev libbcprov-java libbcpkix-java
	libbcutil-java)
command -v javac >/dev/null || check_packages+=(default-jdk-headless)

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs those of the packages that are missing, by one apt-get run; nothing is asked and nothing else is touched.
install_missing()
{
	local missing=() as_root=() p

	command -v dpkg-query >/dev/null || die "this script installs Debian packages, and here is no dpkg;" \
		"install by hand: $*"
	for p in "$@"; do
		is_installed "$p" || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "missing packages, and neither root nor sudo to install them; run as" \
			"root: apt-get install ${missing[*]}"
		as_root=(sudo)
	fi
	echo "installing: ${missing[*]}"
	local log
	log=$(mktemp)
	if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			"${missing[@]}"; } >"$log" 2>&1 </dev/null; then
		tail -n 30 "$log" >&2
		rm -f "$log"
		die "apt could not install: ${missing[*]}; see above"
	fi
	rm -f "$log"
}

# build_in FOLDER [MESON OPTION…]: configures the folder if it is new, and builds all of it; errors are shown.
build_in()
{
	local folder=$1 log quiet=--quiet
	shift

	if [ ! -f "$folder/build.ninja" ]; then
		log=$(mktemp)
		if ! meson setup "$@" "$folder" "$root" >"$log" 2>&1; then
			cat "$log" >&2
			rm -f "$log"
			die "meson could not configure $folder; see above"
		fi
		rm -f "$log"
	fi
	[ -t 1 ] && quiet=
	# shellcheck disable=SC2086 # nothing, or one word
	ninja $quiet -C "$folder" || die "the build in $folder failed; see above (if it was made for another checkout," \
		"remove it)"
}
