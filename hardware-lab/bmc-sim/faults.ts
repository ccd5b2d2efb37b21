/** How a BMC misbehaves. Probabilities are from 0 to 1; everything is off in `noFaults`. */
export interface Faults {
  /** Probability that a datagram is lost, in each direction. */
  readonly loss: number;
  /** Probability that an answer is sent twice. */
  readonly duplicate: number;
  /** Milliseconds before each answer. */
  readonly delayMs: number;
  /** Probability that an answer waits `reorderMs` longer, so that later ones overtake it. */
  readonly reorder: number;
  /** A wrong key exchange auth code in RAKP 2, as of a BMC that has another password. */
  readonly wrongRakp2: boolean;
  /** A wrong integrity check value in RAKP 4. */
  readonly wrongRakp4: boolean;
  /** Probability of a wrong auth code behind a session packet. */
  readonly wrongSession: number;
  /** Probability that the last bytes of an answer's data are missing. */
  readonly truncate: number;
  /** Probability that an answer has 64 bytes too many. */
  readonly oversize: number;
  /** Probability of a wrong second checksum in an IPMI message. */
  readonly badChecksum: number;
  /** Probability that a session sequence number jumps far out of the window. */
  readonly wrongSequence: number;
  /** `says-on`, `says-off`: Get Chassis Status lies. `stays`: power commands are accepted and do nothing. */
  readonly power: 'honest' | 'says-on' | 'says-off' | 'stays';
  /** So many commands inside sessions are answered with "node busy" (0xC0). */
  readonly busy: number;
  /** Receives and answers nothing. */
  readonly hang: boolean;
  /** The next command inside a session makes the BMC restart instead of answering: nothing is carried out, all sessions are gone. */
  readonly rebootInCommand: boolean;
  /** Open Session is refused with "insufficient resources". */
  readonly sessionsExhausted: boolean;
  /** So many SOL packets with characters are refused (NACK). */
  readonly solNack: number;
}

export const noFaults: Faults = {
  loss: 0,
  duplicate: 0,
  delayMs: 0,
  reorder: 0,
  wrongRakp2: false,
  wrongRakp4: false,
  wrongSession: 0,
  truncate: 0,
  oversize: 0,
  badChecksum: 0,
  wrongSequence: 0,
  power: 'honest',
  busy: 0,
  hang: false,
  rebootInCommand: false,
  sessionsExhausted: false,
  solNack: 0,
};

/** Milliseconds that a reordered answer waits. */
export const reorderMs = 40;

const powerFaults = ['honest', 'says-on', 'says-off', 'stays'] as const;

/** What can be told about a fault on a command line is wrong. */
export class FaultError extends Error {}

/** Reads `loss=0.1,busy=3,hang`; a name alone is `true` or probability 1. Throws FaultError that names the known faults. */
export function parseFaults(text: string): Partial<Faults> {
  const entries = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value] = part.split('=', 2);
      return [name, faultValue(name, value)] as const;
    });
  return Object.fromEntries(entries);
}

function faultValue(name: string, value: string | undefined): Faults[keyof Faults] {
  if (!Object.hasOwn(noFaults, name))
    throw new FaultError(`"${name}" is no fault; there are ${Object.keys(noFaults).join(', ')}`);
  const off = noFaults[name as keyof Faults];
  if (typeof off === 'boolean') {
    if (value === undefined || value === 'true') return true;
    if (value === 'false') return false;
    throw new FaultError(`${name} is true or false`);
  }
  if (typeof off === 'string') {
    const known = powerFaults.find((one) => one === value);
    if (known === undefined) throw new FaultError(`${name} is one of ${powerFaults.join(', ')}`);
    return known;
  }
  const number = value === undefined ? 1 : Number(value);
  const most = name === 'delayMs' || name === 'busy' || name === 'solNack' ? 1_000_000 : 1;
  if (!(number >= 0 && number <= most)) throw new FaultError(`${name} is a number from 0 to ${most}`);
  return number;
}
