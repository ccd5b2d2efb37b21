import { PxeError } from '../errors.ts';
import { consoleText, scriptArgument } from './escape.ts';

/** What a boot script needs. All URLs are absolute. */
export interface BootScript {
  readonly kernelUrl: string;
  readonly initrdUrl: string;
  /** One element an argument, e.g. `console=ttyS0,115200`; `initrd=` and `BOOTIF=` are added here. */
  readonly kernelArguments: readonly string[];
  /** Which machine, and what for; shown on its console. */
  readonly bootNote: string;
}

/** The NIC that iPXE booted from, as installers expect it: type 01 (Ethernet) and the MAC with dashes. */
const bootInterface = 'BOOTIF=01-${netX/mac:hexhyp}';
/** x86 Linux takes this many characters and drops the rest without a word (COMMAND_LINE_SIZE less the final NUL). */
const maxCommandLine = 2047;
const tries = [1, 2, 3] as const;
const retrySeconds = 3;
const readingSeconds = 30;

/**
 * Renders the iPXE script that starts a kernel, for BIOS and UEFI; ends in a newline. Each download is tried three times. When
 * all fail, the reason stays on the screen for 30 s, and `exit 1` makes the firmware go on to its next boot device: a machine
 * that cannot be installed comes up from its disk instead of hanging where nobody looks.
 * Throws PxeError `bad-boot-argument` for arguments that iPXE would change, or that are too long for Linux.
 */
export function renderBootScript({ kernelUrl, initrdUrl, kernelArguments, bootNote }: BootScript): string {
  // UEFI hands Linux its initrd by name: without initrd= the kernel panics with no root.
  const args = ['initrd=initrd', ...kernelArguments.map(scriptArgument), bootInterface].join(' ');
  if (args.length > maxCommandLine) {
    throw new PxeError(
      'bad-boot-argument',
      `the kernel's command line has ${args.length} characters, Linux takes ${maxCommandLine}`,
    );
  }
  return lines([
    '#!ipxe',
    '',
    'imgfree',
    'echo',
    `echo Rackwright: ${consoleText(bootNote)}`,
    ...download('kernel', 1, `kernel --name kernel ${scriptArgument(kernelUrl)} ${args}`, 'initrd_1'),
    ...download('initrd', 2, `initrd --name initrd ${scriptArgument(initrdUrl)}`, 'start'),
    ':start',
    'echo Rackwright: step 3 of 3, starting the kernel',
    'boot || goto start_failed',
    ':start_failed',
    'echo Rackwright: the kernel could not be started, see the error above',
    'goto give_up',
    ':kernel_failed',
    'echo Rackwright: the kernel could not be fetched, see the errors above',
    'goto give_up',
    ':initrd_failed',
    'echo Rackwright: the initrd could not be fetched, see the errors above',
    ':give_up',
    'echo Rackwright: the boot timeline of this machine says why',
    `echo Rackwright: going on to the next boot device in ${readingSeconds} seconds`,
    'imgfree',
    ...leave(readingSeconds),
  ]);
}

/** Renders a script that shows a reason for a few seconds and lets the firmware go on to its next boot device. */
export function renderExitScript(reason: string): string {
  return lines(['#!ipxe', '', 'echo', `echo Rackwright: ${consoleText(reason)}`, ...leave(5)]);
}

function download(name: 'kernel' | 'initrd', step: number, command: string, next: string): readonly string[] {
  return tries.flatMap((number) => [
    `:${name}_${number}`,
    ...(number === 1
      ? []
      : [`echo Rackwright: trying again in ${retrySeconds} seconds`, `sleep ${retrySeconds} ||`]),
    `echo Rackwright: step ${step} of 3, fetching the ${name} (try ${number} of ${tries.length})`,
    `${command} && goto ${next} || goto ${number < tries.length ? `${name}_${number + 1}` : `${name}_failed`}`,
  ]);
}

/** `sleep` fails when somebody presses a key, and a failed line would end the script without its exit status. */
function leave(seconds: number): readonly string[] {
  return [`sleep ${seconds} ||`, 'exit 1'];
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
