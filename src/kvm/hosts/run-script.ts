import type { Uuid } from '../../base/uuid.ts';
import { CodedError, messageOf } from '../../base/errors.ts';
import { createGate } from '../connection/gate.ts';
import type { HostConnections, ShellAnswer } from '../service.ts';

const limits = { timeoutMs: 300_000, maxBytes: 1024 * 1024, hostsAtOnce: 20 };

/** Runs a script by `sh -s` on hosts, 20 at a time. A host that fails has a failure in its answer; nothing rejects. */
export async function runScript(
  connections: Pick<HostConnections, 'use'>,
  hostUuids: readonly Uuid[],
  script: string,
): Promise<ReadonlyMap<Uuid, ShellAnswer>> {
  const gate = createGate(limits.hostsAtOnce);
  const answers = await Promise.all(
    hostUuids.map((uuid) => gate(() => runOn(connections, uuid, script).catch(failureOf))),
  );
  return new Map(hostUuids.map((uuid, at) => [uuid, answers[at] as ShellAnswer]));
}

async function runOn(
  connections: Pick<HostConnections, 'use'>,
  uuid: Uuid,
  script: string,
): Promise<ShellAnswer> {
  const { timeoutMs, maxBytes } = limits;
  const result = await connections.use(uuid, (shell) =>
    shell.run(['sh', '-s'], { input: script, timeoutMs, maxBytes }),
  );
  const { exitCode, signal, stdout } = result;
  const stderr = result.truncated ? `${result.stderr}\n[output beyond 1 MiB was left out]\n` : result.stderr;
  if (exitCode !== undefined) return { returnCode: exitCode, stdout, stderr, failure: undefined };
  const text = `the script was ended${signal === undefined ? '' : ` by ${signal}`}`;
  return { returnCode: -1, stdout, stderr, failure: { code: 'command-failed', text } };
}

function failureOf(error: unknown): ShellAnswer {
  const code = error instanceof CodedError ? error.code : 'command-failed';
  return { returnCode: -1, stdout: '', stderr: '', failure: { code, text: messageOf(error) } };
}
