/** Who the commands of a shell run as. */
export type Rise = 'root' | 'sudo';

/** Tells by `id -u` and, if needed, `sudo -n` who commands can run as; undefined when not as root. */
export async function findRise(
  run: (
    argv: readonly string[],
  ) => Promise<{ readonly exitCode: number | undefined; readonly stdout: string }>,
): Promise<Rise | undefined> {
  const isRoot = async (argv: readonly string[]): Promise<boolean> => {
    const { exitCode, stdout } = await run(argv);
    return exitCode === 0 && stdout.trim() === '0';
  };
  if (await isRoot(['id', '-u'])) return 'root';
  return (await isRoot(['sudo', '-n', '--', 'id', '-u'])) ? 'sudo' : undefined;
}

/** The command as root. `-n`: sudo fails where it would ask. */
export function risen(rise: Rise, argv: readonly string[]): readonly string[] {
  return rise === 'root' ? argv : ['sudo', '-n', '--', ...argv];
}

/**
 * The command with an end of its own on the host, a second after ours: sshd takes no signals for root, a user cannot end what sudo
 * started, and what a lost connection leaves behind ends as well.
 */
export function withDeadline(argv: readonly string[], timeoutMs: number): readonly string[] {
  return ['timeout', '-k', '2', String(Math.ceil(timeoutMs / 1000) + 1), ...argv];
}

/** Runs its arguments without input, and ends them when its own input ends; `timeout` passes that on to what they started. */
const lifeline = `exec 3<&0
timeout 0 "$@" </dev/null 3<&- &
command=$!
{ cat <&3; kill "$command"; } >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$command"
status=$?
kill "$watch" 2>/dev/null
exit "$status"`;

/** The command, ended by the end of its standard input: nothing that is followed outlives the connection. */
export function withLifeline(argv: readonly string[]): readonly string[] {
  return ['sh', '-c', lifeline, 'lifeline', ...argv];
}
