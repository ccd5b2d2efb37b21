import { assertNever } from '../../base/errors.ts';
import { type Run, runStages } from '../model.ts';
import { onDhcp, onDownload } from './boot-steps.ts';
import { consoleSignText } from './console-signs.ts';
import type { RunEvent } from './events.ts';
import { advance, quiet, type RunStep, told } from './step.ts';

/** True while the machine may still be given a boot. From `working` on it never gets one: a second install would wipe it. */
export function mayBoot(run: Run): boolean {
  return runStages.indexOf(run.stage) < runStages.indexOf('working');
}

/** True when the run has come to its end. */
export function hasEnded(run: Run): boolean {
  return run.stage === 'done' || run.stage === 'failed';
}

/** Ends a run badly: the chassis shows PxeBootFailed and the cause. */
function fail(run: Run, cause: string, at: number): RunStep {
  return {
    run: { ...run, stage: 'failed', stageSince: at, endedAt: at, cause },
    lines: [{ step: 'failed', text: cause }],
    durable: true,
    chassisStatus: 'PxeBootFailed',
  };
}

/**
 * One step of a run: pure, so that every path can be tested and replayed. `at` is ms since the epoch, `cause` the diagnosis for
 * a deadline. Events after the end change nothing.
 */
export function step(run: Run, event: RunEvent, at: number, cause: string): RunStep {
  if (hasEnded(run)) return quiet(run);
  const tell = (stepName: string, text: string, next: Run = run, bytes?: number): RunStep => ({
    run: next,
    lines: [bytes === undefined ? { step: stepName, text } : { step: stepName, text, bytes }],
    durable: true,
  });
  switch (event.type) {
    case 'boot-flag':
      return tell(
        'boot-flag',
        event.kept
          ? `BMC will boot from the network once${event.efiWanted ? (event.efiKept ? ', UEFI' : '; it did not keep the EFI bit') : ', legacy'}${event.marked ? '' : '; it does not mark the flag as valid'}`
          : 'BMC did not keep the boot flag',
        {
          ...run,
          stageSince: at,
          evidence: {
            ...run.evidence,
            bootFlagKept: event.kept,
            efiBitKept: event.efiWanted ? event.efiKept : undefined,
          },
        },
      );
    case 'powered':
      return tell('power', event.how, advance(run, 'awaiting-dhcp', at));
    case 'bmc-failed':
      return fail(run, event.reason, at);
    case 'dhcp':
      return onDhcp(run, event, at);
    case 'other-server':
      return tell(
        'dhcp-other-server',
        `the machine took the offer of another DHCP server, ${event.address}`,
        {
          ...run,
          evidence: { ...run.evidence, otherServer: event.address },
        },
      );
    case 'pool-full':
      return tell('dhcp-pool-full', 'the DHCP range has no free address left', {
        ...run,
        evidence: { ...run.evidence, poolFull: true },
      });
    case 'download':
      return onDownload(run, event, at);
    case 'script-read': {
      const scriptReads = run.evidence.scriptReads + 1;
      const next = advance(run, 'awaiting-kernel', at, { scriptReads });
      return told(scriptReads)
        ? tell(
            'script',
            `iPXE has its script for the ${run.kind === 'inspect' ? 'inspector' : 'installer'}`,
            next,
          )
        : quiet(next);
    }
    case 'barred-server':
      if (run.evidence.barredCluster === event.cluster) return quiet(run);
      return tell(
        'refused',
        `the machine asked a PXE server of cluster "${event.cluster}" for a boot and got none: its chassis belongs to another cluster`,
        { ...run, evidence: { ...run.evidence, barredCluster: event.cluster } },
      );
    case 'refused':
      return tell('refused', event.reason);
    case 'kickstart-read':
      return tell(
        'kickstart',
        'the installer reads its kickstart',
        {
          ...run,
          stageSince: at,
          evidence: { ...run.evidence, kickstartReads: run.evidence.kickstartReads + 1 },
        },
        event.bytes,
      );
    case 'kickstart-delivered':
      return { run: { ...run, kickstartConsumed: true }, lines: [], durable: true };
    case 'kickstart-broken':
      return tell('kickstart-broken', 'the read of the kickstart broke off; the same machine may repeat it');
    case 'kickstart-refused':
      return tell(
        'kickstart-refused',
        `${event.reader} asked for the kickstart and was refused: ${event.reason}`,
      );
    case 'begin':
      if (run.stage === 'working') return quiet(run);
      return {
        ...tell(
          'begin',
          run.kind === 'inspect' ? 'the inspector is up' : 'the installer is up and has its plan',
          advance(run, 'working', at),
        ),
        ...(run.kind === 'install' ? { chassisStatus: 'Provisioning' as const } : {}),
      };
    case 'note':
      return tell('note', event.text, { ...run, stageSince: at });
    case 'power-changed':
      // No progress: the stage is late all the same when nothing else comes.
      return tell('power-changed', event.text);
    case 'looked': {
      // No progress either.
      const { console: printed, sign, screen } = event;
      const lines = (printed ?? []).map((text) => ({ step: 'console', text }));
      if (printed?.length === 0)
        lines.push({ step: 'console', text: 'nothing came over the serial console' });
      const meaning = sign === undefined ? undefined : consoleSignText(sign);
      if (meaning !== undefined && printed !== undefined) lines.push({ step: 'console', text: meaning });
      if (screen !== undefined) lines.push({ step: 'screen', text: `the screen as it was then: ${screen}` });
      const evidence = printed === undefined ? run.evidence : { ...run.evidence, consoleSign: sign };
      return { run: { ...run, evidence }, lines, durable: true };
    }
    case 'inspected':
      if (run.kind !== 'inspect' || run.stage === 'finishing') return quiet(run);
      return {
        ...tell('inspected', event.summary, advance(run, 'finishing', at), event.bytes),
        ensureOff: true,
      };
    case 'installed':
      if (run.kind !== 'install') return quiet(run);
      return {
        ...tell('end', 'the installer is done; the machine boots from its disk', {
          ...run,
          stage: 'done',
          stageSince: at,
          endedAt: at,
        }),
        chassisStatus: 'Provisioned',
        deleteHostCfg: true,
      };
    case 'powered-off':
      return {
        ...tell('power-off', event.how, { ...run, stage: 'done', stageSince: at, endedAt: at }),
        chassisStatus: 'Unprovisioned',
      };
    case 'reported-failure':
      return fail(
        run,
        `the ${run.kind === 'inspect' ? 'inspector' : 'installer'} reported: ${event.reason}`,
        at,
      );
    case 'deadline':
      return fail(run, cause, at);
    case 'cancelled':
      return {
        ...tell('cancelled', event.reason, {
          ...run,
          stage: 'failed',
          stageSince: at,
          endedAt: at,
          cause: event.reason,
        }),
      };
    case 'restarted':
      return tell('restarted', 'Rackwright was restarted; the run goes on', { ...run, stageSince: at });
    default:
      return assertNever(event, 'run event');
  }
}
