import { Client } from 'ssh2';
import { messageOf } from '../base/errors.ts';
import { NetError } from './errors.ts';
import type { SshTarget } from './shell.ts';
import { algorithmsFor, type HostKeyType } from './ssh-algorithms.ts';
import { planLogin } from './ssh-auth.ts';
import { fingerprintOf } from './ssh-key.ts';

/** A connection that is logged in. */
export interface SshLogin {
  readonly client: Client;
  readonly hostKey: string;
  /** Resolves once, with a text for people, when the connection is gone. */
  readonly closed: Promise<string>;
  /** True at once when it is gone, before the channels of the connection hear of it. */
  readonly isLost: () => boolean;
}

/** ssh2 says by `level` in which part of a connection an error arose. */
type SshFailure = Error & { readonly level?: string; readonly code?: string };

/** Logs in with host keys of the given types only. Rejects as `OpenSsh`; data.keyName of `host-key-mismatch` is the key's form. */
export function logIn(target: SshTarget, types: readonly HostKeyType[]): Promise<SshLogin> {
  const { host, port } = target;
  const where = `${host} port ${port}`;
  const client = new Client();
  const attempt = planLogin(target);
  let seen: { readonly fingerprint: string; readonly name: string } | undefined;
  let isMismatch = false;
  let phase: 'connecting' | 'handshake' | 'login' | 'open' = 'connecting';
  let isLost = false;
  let lastWords: string | undefined;

  /** Also at each later key exchange: the host keeps the key it began with. */
  const verify = (key: Buffer): boolean => {
    const fingerprint = fingerprintOf(key);
    const expected = target.hostKey ?? seen?.fingerprint;
    seen ??= { fingerprint, name: key.toString('latin1', 4, 4 + (key.length > 4 ? key.readUInt32BE(0) : 0)) };
    isMismatch = expected !== undefined && expected !== fingerprint;
    return !isMismatch;
  };

  const explain = (error: SshFailure | undefined): NetError => {
    const data = { host, port };
    const more = { data, cause: error };
    if (isMismatch && seen !== undefined) {
      return new NetError(
        'host-key-mismatch',
        `${where} shows another host key (${seen.fingerprint}) than the one that is trusted (${target.hostKey ?? 'the first'}); ` +
          'nothing secret was sent. Was the machine reinstalled, or does another one answer at this address?',
        { data: { ...data, seen: seen.fingerprint, expected: target.hostKey, keyName: seen.name } },
      );
    }
    if (error?.level === 'client-timeout') {
      const text = {
        connecting: `${where} does not answer; is it switched on, and does a firewall let SSH through?`,
        handshake: `${where} takes connections but does not speak SSH in time`,
        login: `${where} does not finish the login in time`,
        open: `${where} does not answer any more`,
      }[phase];
      return new NetError('timeout', text, more);
    }
    const refusal = attempt.refusal();
    if (refusal !== undefined || error?.level === 'client-authentication') {
      return new NetError('login-refused', `${where} refuses the login: ${refusal ?? 'no method left'}`, {
        data,
      });
    }
    if (phase === 'login') {
      return new NetError('login-refused', `${where} ended the connection during the login`, more);
    }
    if (error?.level === 'client-socket' && phase === 'connecting') {
      return new NetError('unreachable', `cannot connect to ${where}: ${socketText(error)}`, more);
    }
    const text = error === undefined ? 'it ended the connection at once' : messageOf(error).slice(0, 200);
    return new NetError('unreachable', `${where} does not talk SSH as it should: ${text}`, more);
  };

  return new Promise((resolve, reject) => {
    let tellClosed: (why: string) => void = () => undefined;
    const callOff = (): void => {
      reject(new NetError('closed', `the login to ${where} was called off`));
      client.destroy();
    };
    if (target.signal?.aborted === true) return callOff();
    target.signal?.addEventListener('abort', callOff);
    const fail = (error: SshFailure | undefined): void => {
      lastWords ??= error === undefined ? undefined : messageOf(error).slice(0, 200);
      if (phase === 'open') return;
      reject(explain(error));
      client.destroy();
    };
    client
      .on('connect', () => {
        phase = 'handshake';
        client.setNoDelay(true);
      })
      .on('handshake', () => {
        if (phase === 'handshake') phase = 'login';
      })
      .on('change password', () => {
        const text = `${where} refuses the login: the password of ${target.username} has expired; set a new one on the host`;
        reject(new NetError('login-refused', text, { data: { host, port } }));
        client.destroy();
      })
      .on('ready', () => {
        if (seen === undefined) return fail(undefined);
        phase = 'open';
        const closed = new Promise<string>((tell) => void (tellClosed = tell));
        resolve({ client, hostKey: seen.fingerprint, closed, isLost: () => isLost });
      })
      .on('error', fail)
      .on('close', () => {
        isLost = true;
        target.signal?.removeEventListener('abort', callOff);
        fail(undefined);
        tellClosed(lastWords ?? 'the host ended the connection');
      });
    try {
      client.connect({
        host,
        port,
        username: target.username,
        algorithms: algorithmsFor(types),
        hostVerifier: verify,
        authHandler: attempt.handler,
        readyTimeout: target.connectTimeoutMs,
        keepaliveInterval: target.keepAliveMs,
        keepaliveCountMax: 3,
        strictVendor: false,
      });
    } catch (error) {
      reject(
        new NetError('unreachable', `cannot connect to ${where}: ${messageOf(error)}`, { cause: error }),
      );
    }
  });
}

function socketText(error: SshFailure): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused; is sshd running there, and on this port?';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'this name is not known; check it, or give an address';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to this address; check the address, the network and the firewall';
    case 'ETIMEDOUT':
      return 'no answer; is the machine switched on?';
    default:
      return messageOf(error).slice(0, 200);
  }
}
