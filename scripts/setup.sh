#!/bin/sh
# Installs what this checkout needs and is missing, saying so first, then runs the given command:
#   sh scripts/setup.sh npm run lab
# Needs a Debian (or Ubuntu) machine, Node.js from 20.19 on, and root or sudo when packages are missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# Node.js and npm ---------------------------------------------------------------------------------------------------------------
command -v node >/dev/null 2>&1 || die 'node is missing: install Node.js 20.19 or newer from https://nodejs.org'
command -v npm >/dev/null 2>&1 || die 'npm is missing: it comes with Node.js from https://nodejs.org (Debian: package npm)'
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  die "Node.js $(node --version) is too old: 20.19 or newer is needed"

# Debian packages ---------------------------------------------------------------------------------------------------------------
is_installed() {
  [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

policy=/usr/sbin/policy-rc.d
made_policy=
# invoke-rc.d asks this script before it starts a service; 101 forbids it. A package must not leave a daemon on somebody's machine.
forbid_daemons() {
  [ ! -e "$policy" ] || return 0
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}
allow_daemons() {
  [ -n "$made_policy" ] || return 0
  made_policy=
  as_root rm -f "$policy"
}

# python3, make and g++ build better-sqlite3 where its prebuilt file cannot be fetched.
wanted="python3 make g++ $(sed 's/#.*//' "$root/hardware-lab/packages.txt" | tr -s ' \t\n' ' ')"
missing=
if command -v dpkg-query >/dev/null 2>&1; then
  for package in $wanted; do
    is_installed "$package" || missing="$missing $package"
  done
else
  say "this is no Debian machine; the lab and some tests need these Debian packages or their likes: $wanted"
fi
if [ -n "$missing" ]; then
  say "installing Debian packages:$missing"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1 ||
    die "not root and no sudo; run as root: apt-get install --no-install-recommends$missing"
  trap allow_daemons EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  forbid_daemons
  as_root apt-get update -q >&2
  # A list of words on purpose.
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >&2
  allow_daemons
  trap - EXIT INT TERM
fi

# npm packages ------------------------------------------------------------------------------------------------------------------
# npm writes this file last, so it tells which lock file the installed packages came from.
stamp=$root/node_modules/.package-lock.json
if [ ! -e "$stamp" ] || [ -n "$(find "$root/package-lock.json" -newer "$stamp")" ]; then
  say 'installing npm packages (npm ci)'
  (cd "$root" && npm ci >&2)
fi

[ "$#" -gt 0 ] || exit 0
exec "$@"
