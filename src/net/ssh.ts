import { type Clock, delay, systemClock } from '../base/clock.ts';
import { NetError } from './errors.ts';
import type { OpenSsh, SshShell, SshTarget } from './shell.ts';
import { findRise, type Rise, risen, withDeadline, withLifeline } from './shell-argv.ts';
import { quoteWords } from './shell-words.ts';
import { allHostKeyTypes, type HostKeyType, hostKeyTypeOf } from './ssh-algorithms.ts';
import { followChannel, runInChannel } from './ssh-command.ts';
import { logIn, type SshLogin } from './ssh-login.ts';
import { connectionGone, createSshSessions } from './ssh-sessions.ts';
import { openSshStream } from './ssh-stream.ts';

const defaults = { timeoutMs: 30_000, maxBytes: 1024 * 1024 };

/** A session that a command waits for, at most; a host that has none soon has a setting that is too small. */
const sessionPatienceMs = 10_000;
const streamTimeoutMs = 10_000;
const closePatienceMs = 2000;

/** Logs in by SSH and finds out how commands run as root. See `OpenSsh`. */
export const openSsh: OpenSsh = async (target) => {
  const login = await logInWithPinnedKey(target);
  try {
    const asUser = createShell(login, 'root', systemClock);
    const rise = await findRise((argv) => asUser.run(argv, { timeoutMs: target.connectTimeoutMs }));
    if (rise !== undefined) return createShell(login, rise, systemClock);
    throw new NetError(
      'not-root',
      `${target.username} on ${target.host} is not root and sudo asks for a password; log in as root, or give the user ` +
        '"NOPASSWD: ALL" in /etc/sudoers.d',
      { data: { host: target.host } },
    );
  } catch (error) {
    login.client.destroy();
    throw error;
  }
};

/** The pinned key may be any of the host's keys: the other types are asked for when the first is not the one. */
async function logInWithPinnedKey(target: SshTarget): Promise<SshLogin> {
  let types: readonly HostKeyType[] = allHostKeyTypes;
  let mismatch: NetError | undefined;
  for (;;) {
    try {
      return await logIn(target, types);
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      const isMismatch = error.code === 'host-key-mismatch';
      // A host that has no key of the types that are left ends the handshake: then the first mismatch is what counts.
      if (!isMismatch) throw mismatch !== undefined && error.code === 'unreachable' ? mismatch : error;
      mismatch ??= error;
      const shown = hostKeyTypeOf(String(error.data['keyName']));
      types = types.filter((type) => type !== shown);
      if (types.length === 0 || target.hostKey === undefined) throw mismatch;
    }
  }
}

function createShell(login: SshLogin, rise: Rise, clock: Clock): SshShell {
  const { client, closed, hostKey, isLost } = login;
  const sessions = createSshSessions(client, isLost, clock);
  const refuseWhenLost = (): void => {
    if (isLost()) throw connectionGone();
  };

  return {
    hostKey,
    closed,
    async run(argv, options = {}) {
      refuseWhenLost();
      const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
      const command = quoteWords(risen(rise, withDeadline(argv, timeoutMs)));
      const channel = await sessions.exec(command, Math.min(timeoutMs, sessionPatienceMs));
      const { input = '', maxBytes = defaults.maxBytes } = options;
      return runInChannel(channel, { input, timeoutMs, maxBytes }, login, clock);
    },
    async follow(argv, receive) {
      refuseWhenLost();
      const command = quoteWords(risen(rise, withLifeline(argv)));
      return followChannel(await sessions.exec(command, sessionPatienceMs), receive);
    },
    async connect(target) {
      refuseWhenLost();
      return openSshStream(login, target, rise === 'root', streamTimeoutMs, clock);
    },
    async close() {
      client.end();
      await Promise.race([closed, delay(clock, closePatienceMs)]);
      client.destroy();
    },
  };
}
