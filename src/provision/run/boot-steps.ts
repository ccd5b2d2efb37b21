import { assertNever } from '../../base/errors.ts';
import type { Run, RunEvidence } from '../model.ts';
import type { RunEvent } from './events.ts';
import { advance, quiet, type RunStep, type TimelineLine, told } from './step.ts';

/** What a DHCP message of the machine means for its run. */
export function onDhcp(run: Run, event: Extract<RunEvent, { type: 'dhcp' }>, at: number): RunStep {
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

/** What a transfer of the loader, the kernel or the initrd means for the run. */
export function onDownload(run: Run, event: Extract<RunEvent, { type: 'download' }>, at: number): RunStep {
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
