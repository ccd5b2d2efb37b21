import { assertNever, messageOf } from '../../base/errors.ts';
import { IpmiError, type SolEvent, type SolGapReason, type SolStream } from '../../ipmi/index.ts';
import { ConsoleError } from '../errors.ts';
import type { SerialLine, SerialNews } from '../ports.ts';

const gapTexts: Readonly<Record<SolGapReason, string>> = {
  reattached: 'the connection to the BMC was lost; what the machine printed meanwhile is missing',
  overrun: 'the BMC lost some output: it came faster than the BMC sends it',
  skipped: 'the BMC gave up some output that did not get through the network',
  'scrolled-out': 'older output is not kept any more',
};

/** What to do about faults whose own text does not say it. */
const hints: Readonly<Partial<Record<IpmiError['code'], string>>> = {
  'auth-failed': 'correct ipmiUsername and ipmiPassword of the chassis with updateBaremetalChassis',
  unreachable: 'check address, port and cable of the BMC, and that UDP reaches it',
  'no-answer': 'check the network to the BMC; it may also be restarting',
  'out-of-sessions': 'close sessions of other programs at the BMC, or wait a minute until it drops them',
  'suite-refused': 'see which cipher suites the BMC allows, and name one by the system tag ipmiCipherSuite',
  privilege: 'give the BMC user the right to use serial over LAN, or a higher privilege',
};

/** What a BMC's fault means for a console: `in-use` when another session has it, else `failed`. Other faults stay what they are. */
export function solFailure(error: unknown): unknown {
  if (!(error instanceof IpmiError)) return error;
  const options = { data: { ...error.data }, cause: error };
  if (error.data['consoleInUse'] === true) {
    const text =
      'another session has the serial console of this machine, maybe another program or the web page of its BMC: close it there, or take it over here, which ends it there';
    return new ConsoleError('in-use', text, options);
  }
  return new ConsoleError('failed', told(error), options);
}

function told(error: IpmiError): string {
  const hint = hints[error.code];
  return hint === undefined ? messageOf(error) : `${messageOf(error)}; ${hint}`;
}

/** What an event of serial over LAN is for the readers of a serial line. */
export function newsOf(event: SolEvent): SerialNews {
  switch (event.kind) {
    case 'output':
      return { kind: 'output', data: event.data };
    case 'gap':
      return { kind: 'gap', reason: gapTexts[event.reason] };
    case 'detached':
      return {
        kind: 'detached',
        text: `the connection to the BMC was lost and is being made again: ${told(event.error)}`,
      };
    case 'ended':
      return { kind: 'ended', text: event.error && told(event.error) };
    case 'availability':
      return { kind: 'availability', available: event.available };
    case 'attached':
    case 'break':
      return { kind: event.kind };
    default:
      return assertNever(event, 'SOL event');
  }
}

/** An open serial-over-LAN stream as the one serial line of its machine. */
export function solLine(stream: SolStream, receive: (news: SerialNews) => void): SerialLine {
  const inWords = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      throw error instanceof IpmiError
        ? new ConsoleError('failed', told(error), { data: { ...error.data }, cause: error })
        : error;
    });

  stream.subscribe(
    {
      receive: (event) => receive(newsOf(event)),
      // The one reader is never slow, as it takes events at once; it may fail.
      dropped() {
        receive({
          kind: 'ended',
          text: 'the serial console could not be read on; look at the log of the server, and open it again',
        });
        void stream.close();
      },
    },
    // What came while it was opened, too.
    0,
  );
  return {
    write: (data) => inWords(stream.write(data)),
    sendBreak: () => inWords(stream.sendBreak()),
    close: () => stream.close(),
  };
}
