import { shellQuote } from './quote.ts';

/**
 * Shell functions that tell Rackwright something by HTTP POST with curl or wget. POSIX sh: dash, busybox ash, bash.
 * `deliver URL TEXT` returns 0 delivered, 1 refused (HTTP 4xx), 2 given up after 10 tries over two and a half minutes; `$status` is the last
 * HTTP status, 000 without an answer; `$lost` is set when an answer never came, so that an earlier try may have arrived.
 */
const functions = `TRIES=\${RACKWRIGHT_TRIES:-10}
PAUSE=\${RACKWRIGHT_PAUSE:-1}
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
lost=

say() {
  printf 'rackwright: %s\\n' "$*" >&2
}

post() {
  status=000
  if command -v curl >/dev/null 2>&1; then
    status=$(printf '%s' "$2" | curl -q -gsS -o /dev/null -w '%{http_code}' --connect-timeout 10 --max-time 20 \\
      -H 'Content-Type: text/plain' --data-binary @- "$1")
    status=\${status:-000}
  elif command -v wget >/dev/null 2>&1; then
    limit=
    if command -v timeout >/dev/null 2>&1; then limit='timeout 20'; fi
    # GNU's and busybox's wget. The exit code does not tell the status: it is read from the headers that -S shows.
    answer=$($limit wget -t 1 -S -O /dev/null --post-data "$2" "$1" 2>&1) && status=200
    code=$(printf '%s\\n' "$answer" | sed -n 's/.*HTTP\\/[0-9.]* \\([0-9][0-9][0-9]\\).*/\\1/p' | tail -n 1)
    status=\${code:-$status}
  else
    say 'neither curl nor wget is here'
  fi
}

deliver() {
  try=1
  pause=$PAUSE
  while :; do
    post "$1" "$2"
    case $status in
      2??) return 0 ;;
      408 | 429) ;;
      4??) return 1 ;;
      000) lost=yes ;;
    esac
    if [ "$try" -ge "$TRIES" ]; then return 2; fi
    say "report not delivered (HTTP status $status), try $try of $TRIES, next in $pause s"
    sleep "$pause"
    try=$((try + 1))
    pause=$((pause * 2))
    if [ "$pause" -gt 30 ]; then pause=30; fi
  done
}`;

/** The functions after the URLs they are used with, each as a shell variable. */
export function renderReporting(urls: Readonly<Record<string, string>>): string {
  const variables = Object.entries(urls).map(([name, url]) => `${name}=${shellQuote(url)}`);
  return [...variables, functions].join('\n');
}

/**
 * The first `%pre` script. An installation that Rackwright does not know of, or refuses, never reaches a disk: the script fails and
 * `--erroronfail` stops the installer with this text on its screen.
 */
export function renderBeginScript(beginUrl: string): string {
  return `${renderReporting({ BEGIN_URL: beginUrl })}

deliver "$BEGIN_URL" begin
case $? in
  0) say 'Rackwright knows that this installation begins' ;;
  1)
    say "Rackwright refused this installation (HTTP status $status). No disk was touched. Provision the machine again."
    exit 1
    ;;
  *)
    say 'Rackwright cannot be reached from here. No disk was touched. Check the boot network, then provision again.'
    exit 1
    ;;
esac`;
}

/** The `%post` script. A refusal after a lost answer means that the earlier try had arrived: reports are taken once. */
export function renderEndScript(endUrl: string): string {
  return `${renderReporting({ END_URL: endUrl })}

deliver "$END_URL" end
case $?$lost in
  0*) say 'Rackwright knows that this installation is done' ;;
  1yes) say 'an earlier try had arrived' ;;
  *)
    say "the end could not be reported (HTTP status $status): Rackwright will call this installation failed"
    exit 1
    ;;
esac`;
}

/** The `%onerror` script: best effort. */
export function renderErrorScript(failedUrl: string): string {
  return `${renderReporting({ FAILED_URL: failedUrl })}

deliver "$FAILED_URL" 'the installer met a fatal error; its screen and /tmp/anaconda.log on the machine tell more'`;
}
