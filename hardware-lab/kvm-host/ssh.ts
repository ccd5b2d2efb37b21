import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labEnvironment } from '../processes.ts';
import type { HostImage } from './image/build.ts';

/** How a command on the host ended. */
export interface Answer {
  /** 255 when ssh itself failed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** OpenSSH's client, towards the host. */
export interface SshClient {
  /** Runs a shell script as root with the lab's key, over one shared connection. */
  asRoot(script: string, timeoutMs?: number): Promise<Answer>;
  /** Runs a shell script as `rack`, who logs in with a password, over a connection of its own. */
  asRack(script: string, timeoutMs?: number): Promise<Answer>;
}

/** Prints what is in the environment, so that the password stands in no argument. */
const askpass = '#!/bin/sh\nprintf "%s\\n" "$RWLAB_PASSWORD"\n';

/**
 * A client whose files (known host key, control socket) are in `folder`. The key of the host is the one that the image was built
 * with, on whatever port it answers.
 */
export function createSshClient(image: HostImage, folder: string, port: () => number): SshClient {
  const knownHosts = join(folder, 'known_hosts');
  const askpassFile = join(folder, 'askpass');
  writeFileSync(knownHosts, `kvm-host ${image.hostKey}\n`);
  writeFileSync(askpassFile, askpass);
  chmodSync(askpassFile, 0o700);
  const settings = [
    'HostKeyAlias=kvm-host',
    `UserKnownHostsFile=${knownHosts}`,
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=10',
    'LogLevel=ERROR',
  ];
  const common = ['-F', 'none', '-T', ...settings.flatMap((setting) => ['-o', setting])];
  const call = (
    args: readonly string[],
    script: string,
    timeoutMs: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Answer> =>
    new Promise((resolve) => {
      const child = execFile(
        'ssh',
        [...common, '-p', String(port()), ...args, '127.0.0.1', 'sh', '-s'],
        { env: labEnvironment({ ...env, LC_ALL: 'C' }), timeout: timeoutMs, maxBuffer: 16 << 20 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
          const late = error?.killed === true ? `not within ${timeoutMs / 1000} seconds\n` : '';
          resolve({ code, stdout, stderr: late + stderr });
        },
      );
      // ssh may be gone before it has read it all; the exit status tells.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(script);
    });
  const control = ['-o', 'ControlMaster=auto', '-o', `ControlPath=${join(folder, 'ssh')}`];
  const key = ['-l', 'root', '-i', image.privateKey, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'];
  const password = ['-l', 'rack', '-o', 'PubkeyAuthentication=no', '-o', 'NumberOfPasswordPrompts=1'];
  return {
    // The master ends by itself when QEMU, and with it the connection, is gone.
    asRoot: (script, timeoutMs = 60_000) =>
      call(
        [...key, ...control, '-o', 'ControlPersist=yes', '-o', 'ServerAliveInterval=15'],
        script,
        timeoutMs,
      ),
    asRack: (script, timeoutMs = 60_000) =>
      call(password, script, timeoutMs, {
        SSH_ASKPASS: askpassFile,
        SSH_ASKPASS_REQUIRE: 'force',
        RWLAB_PASSWORD: image.password,
      }),
  };
}
