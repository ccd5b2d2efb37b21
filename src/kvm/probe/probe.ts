import { CodedError, messageOf } from '../../base/errors.ts';
import type { CommandResult, HostShell } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';
import { splitFrames } from './frames.ts';
import type { RawProbe } from './raw.ts';
import { probeScript } from './script.ts';

/** How a host is looked at. */
export interface ProbeOptions {
  /** `qemu:///system` as a rule. */
  readonly libvirtUri: string;
  /** ms since the epoch. */
  readonly now: () => number;
  /** 32 or more random hex digits, new for each look: what a host prints cannot pass for the frame around it. */
  readonly boundary: string;
  /** For tests: where /sys, /proc and /etc are; the host's own root by default. */
  readonly root?: string;
}

/** A host with 500 devices and 200 domains prints some 4 MiB. */
const maxBytes = 64 * 1024 * 1024;
/** Stuck programs are ended by the script after 30 s each. */
const timeoutMs = 120_000;

/**
 * Looks at a host once, in one command: everything that Rackwright wants to know of it, unread. Changes nothing on the host. Rejects
 * with KvmError `host-unfit` (no POSIX shell or no /sys), `command-failed` (the look was cut off) or `host-disconnected`.
 */
export async function probeHost(shell: Pick<HostShell, 'run'>, options: ProbeOptions): Promise<RawProbe> {
  const { boundary, libvirtUri, root = '' } = options;
  if (!/^[0-9a-f]{32,}$/.test(boundary)) {
    throw new KvmError('invalid-argument', 'the boundary of a look needs 32 or more lower-case hex digits');
  }
  const argv = ['sh', '-s', '--', libvirtUri, boundary, root];
  const result = await shell
    .run(argv, { input: probeScript, timeoutMs, maxBytes })
    .catch((error: unknown) => Promise.reject(failureOf(error)));
  refuseUnfit(result);
  const { done, domains, ...frames } = splitFrames(result.stdout, boundary);
  if (!done || result.truncated) {
    throw new KvmError(
      'command-failed',
      `looking at the host ended before its time (${result.truncated ? 'too much output' : endOf(result)}); look again, and if it stays, run sh, lspci and virsh on the host by hand`,
      { data: { exitCode: result.exitCode } },
    );
  }
  return { ...frames, ...(domains === undefined ? {} : { domains }), time: options.now() };
}

function refuseUnfit({ exitCode }: CommandResult): void {
  if (exitCode === 127 || exitCode === 126) {
    throw new KvmError('host-unfit', 'the host has no POSIX shell `sh` in its path; Rackwright needs one');
  }
  if (exitCode === 71 || exitCode === 72) {
    throw new KvmError(
      'host-unfit',
      'the host has no /sys; Rackwright manages Linux hosts with sysfs mounted',
    );
  }
}

function endOf({ exitCode, signal, stderr }: CommandResult): string {
  const how = signal === undefined ? `exit code ${exitCode ?? 'unknown'}` : `signal ${signal}`;
  const words = stderr.trim().slice(-200);
  return words === '' ? how : `${how}: ${words}`;
}

/** NetError by its code; the class is not compared, so that tests and other shells can bring their own. */
function failureOf(error: unknown): KvmError {
  const code = error instanceof CodedError ? error.code : undefined;
  if (code === 'timeout') {
    return new KvmError(
      'command-failed',
      `looking at the host took longer than ${timeoutMs / 1000} s; see which program hangs there`,
      { cause: error },
    );
  }
  return new KvmError(
    'host-disconnected',
    `the connection broke while looking at the host: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}
