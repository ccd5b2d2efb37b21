import { parseArgs } from 'node:util';
import { messageOf } from '../../src/base/errors.ts';
import { type Faults, parseFaults } from './faults.ts';
import { type BmcFleet, createBmcFleet } from './fleet.ts';

const help = `Usage: npm run bmc-sim -- [options]

Simulated BMCs (IPMI 2.0 over LAN) on addresses of this machine, all in one process. They end with SIGTERM or SIGINT.

  --count N        how many (default 1)
  --first ADDRESS  address of the first; the others follow it (default 127.1.0.1)
  --port N         UDP port of each (default 623, which needs root)
  --on             the machines are on at the start
  --suites LIST    cipher suites (default 3,17)
  --faults LIST    how they misbehave, e.g. loss=0.1,busy=3,power=stays,hang
  --help

Users: admin/test-secret (administrator), oper/oper-secret (operator), user/user-secret (user).
A line of JSON on standard output tells that all of them answer. A line of JSON on standard input changes faults: {"hang":true} those
of all, {"bmc":"127.1.0.2","hang":true} those of one.`;

class UsageError extends Error {}

interface Options {
  readonly count: number;
  readonly first: string;
  readonly port: number;
  readonly on: boolean;
  readonly suites: readonly number[];
  readonly faults: Partial<Faults>;
}

function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}`);
  return value;
}

/** Reads the command line; undefined when only the help is wanted. Throws UsageError. */
function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        count: { type: 'string', default: '1' },
        first: { type: 'string', default: '127.1.0.1' },
        port: { type: 'string', default: '623' },
        on: { type: 'boolean', default: false },
        suites: { type: 'string', default: '3,17' },
        faults: { type: 'string', default: '' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      count: wholeNumber(values.count, 'count', 1, 60_000),
      first: values.first,
      port: wholeNumber(values.port, 'port', 1, 65_535),
      on: values.on,
      suites: values.suites.split(',').map((one) => wholeNumber(one, 'suites', 1, 17)),
      faults: parseFaults(values.faults),
    };
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

async function run({ count, first, port, on, suites, faults }: Options): Promise<void> {
  const began = performance.now();
  const fleet = await createBmcFleet({ count, firstAddress: first, port, powerOn: on, suites, faults });
  const last = fleet.sims.at(-1)?.address ?? first;
  const startMs = Math.round(performance.now() - began);
  const rssMiB = Math.round(process.memoryUsage().rss / 1024 / 1024);
  console.log(JSON.stringify({ ready: true, count, first, last, port, startMs, rssMiB }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stdin.destroy();
      void fleet.close();
    });
  }
  readFaults(fleet);
}

/** One line: an object of faults, for one BMC when it names its address. Throws for what it does not understand. */
function applyLine(fleet: BmcFleet, line: string): object {
  const { bmc, ...named } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(named).map(([name, value]) => `${name}=${String(value)}`);
  const faults = parseFaults(pairs.join(','));
  if (bmc === undefined) fleet.setFaults(faults);
  else {
    const sim = fleet.sims.find(({ address }) => address === bmc);
    if (sim === undefined) throw new UsageError(`no BMC has the address ${JSON.stringify(bmc)}`);
    sim.setFaults(faults);
  }
  return { ...(bmc === undefined ? {} : { bmc }), faults };
}

/** Faults from standard input, a JSON object a line; the end of the input changes nothing. */
function readFaults(fleet: BmcFleet): void {
  let rest = '';
  process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((one) => one.trim() !== '')) {
      try {
        console.log(JSON.stringify(applyLine(fleet, line)));
      } catch (error) {
        console.log(JSON.stringify({ error: messageOf(error) }));
      }
    }
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(help);
  else await run(options);
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${help}` : messageOf(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
