import type { CommandResult, HostShell } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';
import type { UsbDevice } from '../model.ts';
import { failure, runOn } from '../virsh.ts';

/** $1: the port, $2: the root directory. Everything in sysfs that is printed is the kernel's own, nothing a string of the device. */
const script = `
cd "$2/sys/bus/usb/devices/$1/" || exit 3
printf 'number %s %s\\n' "$(cat busnum)" "$(cat devnum)"
find . -path '*/block/*' -name dev | while read -r file; do
  folder=\${file%/dev}
  printf 'block %s %s\\n' "\${folder##*/}" "$(cat "$file")"
  ls "$folder/holders" 2>/dev/null | sed "s/^/held \${folder##*/} /"
done
find . -path '*/net/*' -name ifindex | while read -r file; do
  folder=\${file%/ifindex}
  printf 'net %s\\n' "\${folder##*/}"
  ls -d "$folder"/upper_* 2>/dev/null | sed "s/.*/upper \${folder##*/}/"
done
sed 's/^/mount /' "$2/proc/1/mountinfo"
sed 's/^/swap /' "$2/proc/swaps"
sed 's/^/route /' "$2/proc/net/route"
exit 0
`;

/** Why the host itself needs a device now; undefined when it does not. Pure; `output` is what the script printed. */
export function needOfHost(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.split(/\s+/));
  const of = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...words]) => words);
  const blocks = new Map(of('block').map(([name = '', number = '']) => [name, number]));
  const numbers = new Set(blocks.values());
  const isBlock = (path: string | undefined): boolean =>
    path !== undefined && path.startsWith('/dev/') && blocks.has(path.slice('/dev/'.length));

  // Fields of mountinfo: id, parent, major:minor, root, mount point, options, optional fields, "-", type, source.
  const mount = of('mount').find(
    (words) => numbers.has(words[2] ?? '') || isBlock(words[words.indexOf('-') + 2]),
  );
  if (mount !== undefined)
    return `it is mounted at ${(mount[4] ?? '').slice(0, 200)}; unmount it there first`;
  const swap = of('swap').find(([path]) => isBlock(path));
  if (swap !== undefined) return 'the host swaps to it; run swapoff there first';
  const held = of('held')[0];
  if (held !== undefined)
    return `${held[1] ?? 'another device'} of the host lies on it (LVM, RAID or encryption); close that first`;
  const nics = new Set(of('net').map(([name]) => name));
  const routed = [...of('route'), ...of('upper')].find(([name]) => nics.has(name));
  if (routed !== undefined)
    return `the host's network uses it as ${routed[0] ?? ''}; take it out of the host's network first`;
  return undefined;
}

/**
 * Looks at a device just before it is given away. Rejects with KvmError `refused` when the host needs it, or when it was pulled out
 * or plugged in anew since the last look. `root` is another one than / in tests only.
 */
export async function checkDevice(shell: HostShell, usb: UsbDevice, root = ''): Promise<void> {
  const argv = ['env', 'LC_ALL=C', 'sh', '-s', '--', usb.portPath, root];
  const result: CommandResult = await runOn(shell, argv, { input: script, timeoutMs: 20_000 });
  if (result.exitCode === 3) throw replugged(usb);
  if (result.exitCode !== 0 || result.truncated) throw failure('looking at the USB device', result);
  if (!result.stdout.startsWith(`number ${usb.busNum} ${usb.devNum}\n`)) throw replugged(usb);
  const need = needOfHost(result.stdout);
  if (need !== undefined)
    throw new KvmError('refused', `USB device ${usb.name} is needed by the host: ${need}`);
}

function replugged({ name }: UsbDevice): KvmError {
  const text = `USB device ${name} was pulled out or plugged in anew just now; try again in a moment`;
  return new KvmError('refused', text);
}
