import { parseArgs } from 'node:util';
import { defaultCache } from '../../inspector/build.ts';
import { messageOf } from '../../src/base/errors.ts';
import { seconds } from '../report.ts';
import { removeLeftovers } from '../state.ts';
import { buildHostImage } from './image/build.ts';
import { closeAllHosts, type KvmHost, startKvmHost } from './machine.ts';
import { productSteps } from './product/steps.ts';
import { openProductWorld } from './product/world.ts';
import { guestSteps } from './proof/guest.ts';
import { type IommuKind, iommuKinds } from './qemu-arguments.ts';
import { playSteps, type StepResult } from './steps.ts';
import { requireHostTools } from './tools.ts';

const help = `Usage: npm run lab:kvm -- [options]

A whole KVM host with an IOMMU as an emulated machine: Debian 12 with libvirt and GRUB, reached by SSH on a loopback port. Its disk
is built once (about 100 s) and kept under .cache/rackwright/kvm-host. First the host shows what it can do by itself, then, freshly
installed, what Rackwright does with it over SSH.

  --part host|product only one of the two
  --iommu intel|amd   the IOMMU of its board (default intel)
  --keep              keep the working folder with the serial log and the disk
  --json              one JSON object a line; the last has "result" and "steps"
  --help

Needs root and the Debian packages of hardware-lab/packages.txt (sh scripts/setup.sh installs them).
The exit status is 0 only when every step went well.`;

const parts = ['host', 'product'] as const;

interface Options {
  readonly part: (typeof parts)[number] | undefined;
  readonly iommu: IommuKind;
  readonly keep: boolean;
  readonly json: boolean;
}

class UsageError extends Error {}

/** Reads the command line; undefined when only the help is wanted. Throws UsageError. */
function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        part: { type: 'string' },
        iommu: { type: 'string', default: 'intel' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const iommu = iommuKinds.find((kind) => kind === values.iommu);
    if (iommu === undefined) throw new Error('--iommu must be intel or amd');
    const part = parts.find((one) => one === values.part);
    if (part !== values.part) throw new Error('--part must be host or product');
    return { part, iommu, keep: values.keep, json: values.json };
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

const leave = new AbortController();

function closeOnSignals(say: (text: string) => void): void {
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) {
    process.on(signal, () => {
      if (leave.signal.aborted) return;
      say(`${signal}: taking the host down`);
      process.exitCode = code;
      leave.abort(new Error(signal));
      void closeAllHosts();
    });
  }
}

/** Powers a host on for some work and takes it away again. */
async function onHost(
  start: () => Promise<KvmHost>,
  say: (text: string) => void,
  { keep }: Options,
  work: (host: KvmHost) => Promise<unknown>,
): Promise<void> {
  const host = await start();
  try {
    await work(host);
  } finally {
    await host.close();
    if (keep) say(`everything is in ${host.folder}`);
  }
}

/** Builds, boots and plays; answers the steps. */
async function runLab(
  options: Options,
  say: (text: string) => void,
  told: (result: StepResult) => void,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const tell = (result: StepResult): void => {
    results.push(result);
    told(result);
  };
  const began = Date.now();
  try {
    if (process.getuid?.() !== 0) throw new Error('the lab needs root: it installs a Debian into a folder');
    requireHostTools();
    for (const line of await removeLeftovers()) say(line);
    const image = await buildHostImage({ cache: defaultCache, log: say, signal: leave.signal });
    tell({ step: 'image', result: 'ok', seconds: seconds(Date.now() - began) });
    const { part = 'both' } = options;
    const start = (): Promise<KvmHost> => {
      leave.signal.throwIfAborted();
      return startKvmHost({ image, iommu: options.iommu, keep: options.keep });
    };
    if (part !== 'product') await onHost(start, say, options, (host) => playSteps(guestSteps, host, tell));
    if (part !== 'host') {
      await onHost(start, say, options, async (host) => {
        await host.waitUntilUp();
        const world = await openProductWorld(host);
        try {
          await playSteps(productSteps, world, tell);
        } finally {
          await world.close();
        }
      });
    }
  } catch (error) {
    tell({
      step: results.length === 0 ? 'image' : 'power-on',
      result: 'failed',
      seconds: seconds(Date.now() - began),
      detail: messageOf(error),
    });
  }
  return results;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(help);
  else {
    const { json } = options;
    const say = (text: string): void => console.log(json ? JSON.stringify({ step: 'note', text }) : text);
    closeOnSignals(say);
    const steps = await runLab(options, say, (result) => {
      const { step, result: how, seconds: took, detail = '' } = result;
      console.log(
        json ? JSON.stringify(result) : `${how.padEnd(8)} ${step.padEnd(16)} ${took.toFixed(1)} s  ${detail}`,
      );
    });
    const result = steps.every((step) => step.result === 'ok') ? 'ok' : 'failed';
    console.log(json ? JSON.stringify({ result, steps }) : result);
    process.exitCode ??= result === 'ok' ? 0 : 1;
  }
} catch (error) {
  console.error(`${messageOf(error)}\n\n${help}`);
  process.exitCode = 2;
}
