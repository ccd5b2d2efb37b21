import { parseArgs } from 'node:util';
import { messageOf } from '../src/base/errors.ts';
import { travel } from './journey.ts';
import type { Accelerator, LabFirmware } from './qemu-command.ts';
import { firmwares } from './qemu-command.ts';
import { type Rack, startRack } from './rack.ts';
import { buildRamdisks, type Ramdisks } from './ramdisks.ts';
import { createPrinter, type LabResult, type MachineResult, type Printer, seconds } from './report.ts';
import { closeOnSignals } from './signals.ts';
import type { Report } from './technician.ts';
import { missingForLab } from './tools.ts';

const help = `Usage: npm run lab -- [options]

A rack on this machine: QEMU servers with blank disks and foreign BMCs (OpenIPMI) in a network namespace, Rackwright beside them, and
a technician who takes each server over REST from its BMC's address to an installed host that boots from its disk.

  --firmware bios|uefi   one firmware only (default: both at the same time)
  --machines N           servers of each firmware (default 1)
  --timeout-minutes N    for all of it, without the building of the ramdisks (default 10)
  --accelerator tcg|kvm  how servers run (default: KVM where it boots firmware in good time, else tcg)
  --keep                 keep the working folder with all logs and disks
  --json                 one JSON object a line; the last has "result"
  --help

Needs root and the Debian packages of hardware-lab/packages.txt (sh scripts/setup.sh installs them).
The exit status is 0 only when every server went all the way.`;

interface Options {
  readonly firmwares: readonly LabFirmware[];
  readonly machines: number;
  readonly timeoutMinutes: number;
  readonly accelerator: Accelerator | undefined;
  readonly keep: boolean;
  readonly json: boolean;
}

class UsageError extends Error {}

function wholeNumber(text: string, name: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new UsageError(`--${name} must be a whole number from 1 to ${most}`);
  }
  return value;
}

function oneOf<T extends string>(text: string, name: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError(`--${name} must be ${choices.join(' or ')}`);
  return found;
}

/** Reads the command line; undefined when only the help is wanted. Throws UsageError. */
function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        firmware: { type: 'string' },
        machines: { type: 'string', default: '1' },
        'timeout-minutes': { type: 'string', default: '10' },
        accelerator: { type: 'string' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      firmwares: values.firmware === undefined ? firmwares : [oneOf(values.firmware, 'firmware', firmwares)],
      machines: wholeNumber(values.machines, 'machines', 40),
      timeoutMinutes: wholeNumber(values['timeout-minutes'], 'timeout-minutes', 600),
      accelerator:
        values.accelerator === undefined
          ? undefined
          : oneOf(values.accelerator, 'accelerator', ['tcg', 'kvm'] as const),
      keep: values.keep,
      json: values.json,
    };
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

/** So that the systems write where the lab keeps what they say, and the installer on its screen too. */
const serialConsole = 'console=ttyS0,115200';
const bothConsoles = ['console=tty0', serialConsole];

/** One rack with all machines, travelling at the same time: on two cores that is faster than one firmware after the other. */
async function runRack(
  options: Options,
  ramdisks: Ramdisks,
  report: Report,
): Promise<readonly MachineResult[]> {
  const deadline = Date.now() + options.timeoutMinutes * 60_000;
  // Rackwright gives up before the lab does, so that a failure comes with its diagnosis.
  const minutes = Math.max(1, Math.floor(options.timeoutMinutes / 2));
  let rack: Rack | undefined;
  let ok = false;
  try {
    rack = await startRack({
      machines: options.firmwares.flatMap((firmware) =>
        Array.from({ length: options.machines }, () => firmware),
      ),
      rackwright: {
        inspector: { ...ramdisks.inspector, kernelArguments: [serialConsole] },
        installer: { ...ramdisks.installer, kernelArguments: bothConsoles },
        provision: { inspectMinutes: minutes, rebootMinutes: minutes, installMinutes: minutes },
      },
      ...(options.accelerator === undefined ? {} : { accelerator: options.accelerator }),
      report,
    });
    const running = rack;
    await running.technician.createPxeServer();
    report({ step: 'pxe-server', text: 'Running on rack0, 192.0.2.100 to 192.0.2.199' });
    const results = await Promise.all(
      running.machines.map((one, index) => travel(running, one, { index, deadline, report })),
    );
    ok = results.every((result) => result.ok);
    return results;
  } finally {
    const keep = options.keep ? 'everything' : ok ? 'nothing' : 'logs';
    await rack?.close(keep);
    if (rack !== undefined && keep !== 'nothing') {
      report({
        step: 'kept',
        text: `${keep === 'logs' ? 'the logs are' : 'everything is'} in ${rack.folder}`,
      });
    }
  }
}

/** Of several machines the slowest time of each stage. */
function slowest(results: readonly MachineResult[], prefix: string): Record<string, number> {
  const stages: Record<string, number> = {};
  for (const { stages: own } of results) {
    for (const [name, value] of Object.entries(own)) {
      stages[prefix + name] = Math.max(stages[prefix + name] ?? 0, value);
    }
  }
  return stages;
}

async function runLab(options: Options, printer: Printer): Promise<boolean> {
  const results: MachineResult[] = [];
  const stages: Record<string, number> = {};
  const finish = (reason: string | undefined): boolean => {
    const result: LabResult = {
      result: reason === undefined ? 'ok' : 'failed',
      firmware: options.firmwares.join('+'),
      machines: options.machines,
      stages,
      ...(reason === undefined ? {} : { reason }),
    };
    printer.summary(results, result);
    return reason === undefined;
  };
  try {
    const missing = missingForLab(options.firmwares);
    if (missing.length > 0) return finish(missing.join(' '));
    const began = Date.now();
    const ramdisks = await buildRamdisks(printer.report);
    stages['ramdisks'] = seconds(Date.now() - began);
    results.push(...(await runRack(options, ramdisks, printer.report)));
    for (const firmware of options.firmwares) {
      const own = results.filter((result) => result.firmware === firmware);
      Object.assign(stages, slowest(own, options.firmwares.length > 1 ? `${firmware}.` : ''));
    }
    return finish(results.find(({ ok }) => !ok)?.reason);
  } catch (error) {
    return finish(messageOf(error));
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(help);
  else {
    const printer = createPrinter(options.json, (line) => console.log(line));
    closeOnSignals((text) => printer.report({ step: 'signal', text }));
    process.exitCode = (await runLab(options, printer)) ? 0 : 1;
  }
} catch (error) {
  console.error(`${messageOf(error)}\n\n${help}`);
  process.exitCode = 2;
}
