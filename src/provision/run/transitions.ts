import { assertNever } from '../../base/errors.ts';
import type { Mac } from '../../base/mac.ts';
import { type ChassisStatus, type Run, type RunEvidence, type RunStage, runStages } from '../model.ts';
import type { RunEvent } from './events.ts';

/** A line that a step adds to the timeline. */
export interface TimelineLine {
  readonly step: string;
  readonly text: string;
  readonly bytes?: number;
}

/** What follows from one event. Nothing here has happened yet: the runner saves it, then acts. */
export interface RunStep {
  readonly run: Run;
  readonly lines: readonly TimelineLine[];
  /** False when only counters moved, which a restart may forget. */
  readonly durable: boolean;
  readonly chassisStatus?: ChassisStatus;
  readonly deleteHostCfg?: true;
  /** A NIC that booted and is now known to be the machine's. */
  readonly learnedMac?: Mac;
  /** The machine shall be seen off, and told so if it stays on. */
  readonly ensureOff?: true;
}

/** True while the machine may still be given a boot. From `working` on it never gets one: a second install would wipe it. */
export function mayBoot(run: Run): boolean {
  return runStages.indexOf(run.stage) < runStages.indexOf('working');
}

/** True when the run has come to its end. */
export function hasEnded(run: Run): boolean {
  return run.stage === 'done' || run.stage === 'failed';
}

const quiet = (run: Run): RunStep => ({ run, lines: [], durable: false });

function later(a: RunStage, b: RunStage): RunStage {
  return runStages.indexOf(a) >= runStages.indexOf(b) ? a : b;
}

/** Moves a run to at least `stage`; a run never goes back. */
function advance(run: Run, stage: RunStage, at: number, evidence?: Partial<RunEvidence>): Run {
  return {
    ...run,
    stage: later(run.stage, stage),
    stageSince: at,
    evidence: evidence === undefined ? run.evidence : { ...run.evidence, ...evidence },
  };
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

/** The first few of a kind are told, the rest only counted: a machine that loops must not fill the disk. */
const told = (count: number): boolean => count <= 8 || (count & (count - 1)) === 0;

function onDhcp(run: Run, event: Extract<RunEvent, { type: 'dhcp' }>, at: number): RunStep {
  const who = event.ipxe ? 'iPXE' : (event.firmware ?? 'the booted system');
  const netboot = event.ipxe || event.firmware !== undefined;
  const seen: Run = {
    ...run,
    mac: netboot ? event.mac : run.mac,
    pxeServerUuid: event.serverUuid,
    address: event.message === 'ack' || event.message === 'offer' ? (event.ip ?? run.address) : run.address,
    firmware: event.ipxe ? run.firmware : (event.firmware ?? run.firmware),
  };
  const { evidence } = seen;
  const line = (text: string): TimelineLine => ({ step: `dhcp-${event.message}`, text, bytes: event.bytes });
  switch (event.message) {
    case 'discover': {
      if (!netboot) return quiet(seen);
      const discovers = evidence.discovers + 1;
      const next = advance(seen, 'awaiting-loader', at, {
        discovers,
        ipxeDiscovers: evidence.ipxeDiscovers + (event.ipxe ? 1 : 0),
      });
      return {
        run: event.ipxe ? advance(next, 'awaiting-script', at) : next,
        lines: told(discovers) ? [line(`${who} at ${event.mac} asks for an address`)] : [],
        durable: told(discovers) || run.mac !== event.mac,
        ...(run.mac === event.mac ? {} : { learnedMac: event.mac }),
      };
    }
    case 'offer': {
      const offers = evidence.offers + 1;
      return {
        run: { ...seen, evidence: { ...evidence, offers } },
        lines: told(offers)
          ? [line(`offered ${event.ip ?? '?'}${event.bootFile ? ` and ${maskUrl(event.bootFile)}` : ''}`)]
          : [],
        durable: told(offers),
      };
    }
    case 'ack': {
      const counts = netboot ? { acks: evidence.acks + 1 } : { systemAcks: evidence.systemAcks + 1 };
      const count = netboot ? evidence.acks + 1 : evidence.systemAcks + 1;
      return {
        run: { ...seen, stageSince: netboot ? run.stageSince : at, evidence: { ...evidence, ...counts } },
        lines: told(count) ? [line(`${who} holds the lease of ${event.ip ?? '?'}`)] : [],
        durable: told(count),
      };
    }
    case 'nak':
      return { run: seen, lines: [line(`refused the address that ${who} asked for`)], durable: true };
    case 'decline':
      return {
        run: seen,
        lines: [line(`${who} found ${event.ip ?? 'its address'} in use by somebody else`)],
        durable: true,
      };
    case 'request':
    case 'release':
    case 'inform':
      return quiet(seen);
    default:
      return assertNever(event.message, 'DHCP message');
  }
}

/** Tokens stay out of the timeline: only the last part of a boot URL is shown. */
function maskUrl(file: string): string {
  return file.replace(/\/boot\/[0-9a-f]+\//, '/boot/…/');
}

function onDownload(run: Run, event: Extract<RunEvent, { type: 'download' }>, at: number): RunStep {
  const { what, phase, bytes, total, file } = event;
  const stages = {
    loader: { during: 'awaiting-script', after: 'awaiting-script' },
    kernel: { during: 'awaiting-initrd', after: 'awaiting-initrd' },
    initrd: { during: 'awaiting-initrd', after: 'awaiting-begin' },
  } as const;
  const evidence: Partial<RunEvidence> = {
    loader: {
      loaderStarted: true,
      loaderBytes: bytes,
      loaderTotal: total,
      loaderDone: phase === 'done' || run.evidence.loaderDone,
    },
    kernel: { kernelDone: phase === 'done' || run.evidence.kernelDone },
    initrd: {
      initrdBytes: bytes,
      initrdTotal: total,
      initrdDone: phase === 'done' || run.evidence.initrdDone,
    },
  }[what];
  // A loader that was asked for but never acknowledged has not moved the run on: that silence is evidence of its own.
  const begun = what !== 'loader' || bytes > 0;
  switch (phase) {
    case 'start':
      // Firmware asks for the loader twice: first only for its size.
      if (what === 'loader' && run.evidence.loaderStarted && run.evidence.loaderFailure === undefined)
        return quiet(run);
      return {
        run: begun
          ? advance(run, stages[what].during, at, evidence)
          : { ...run, evidence: { ...run.evidence, ...evidence } },
        lines: [{ step: `${what}-start`, text: `fetches ${file} (${total} bytes)` }],
        durable: true,
      };
    case 'progress':
      return quiet(advance(run, stages[what].during, at, evidence));
    case 'done':
      return {
        run: advance(run, stages[what].after, at, evidence),
        lines: [{ step: `${what}-done`, text: `has ${file}`, bytes }],
        durable: true,
      };
    case 'failed': {
      const text = `${file} broke off at ${bytes} of ${total} bytes${event.reason ? `: ${event.reason}` : ''}`;
      const failure =
        what === 'loader' ? { loaderFailure: event.reason ?? `broke off at ${bytes} bytes` } : {};
      return {
        run: { ...run, evidence: { ...run.evidence, ...evidence, ...failure } },
        lines: [{ step: `${what}-failed`, text, bytes }],
        durable: true,
      };
    }
    default:
      return assertNever(phase, 'phase');
  }
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
