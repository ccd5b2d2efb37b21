import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LabFirmware } from '../../hardware-lab/qemu-command.ts';
import { defaultIpxeDirectory } from '../../src/pxe/boot-files.ts';
import { renderBootScript } from '../../src/pxe/ipxe/script.ts';
import { build, folderOf, isThere, serveDnsmasqWithNginx, serveOurs } from '../pxe/kinds.ts';
import { Lan, type Running } from '../pxe/lan.ts';
import { network } from '../pxe/orders.ts';
import { median, printRow, say } from '../support/report.ts';
import { addSwitch, bootOnce } from './machine.ts';

const inspector = resolve(import.meta.dirname, '../../.cache/rackwright/inspector');
const kernelArguments = ['console=ttyS0', 'earlyprintk=serial,ttyS0,115200', 'panic=-1'];
const limitMs = 300_000;

/** A machine that is emulated, from power-on to its kernel's first word, against dnsmasq with nginx. `args`: `--uefi`, `--runs N`. */
export async function benchBoot(args: readonly string[]): Promise<void> {
  const firmware: LabFirmware = args.includes('--uefi') ? 'uefi' : 'bios';
  const runs = args.includes('--runs') ? Number(args[args.indexOf('--runs') + 1]) : 3;
  const [kernel, initrd] = [join(inspector, 'vmlinuz'), join(inspector, 'initrd.img')];
  if (!existsSync(kernel)) return say(`skipped: ${kernel} is missing (npm run build:inspector)`);
  const tools = [
    ['qemu-system-x86_64', 'qemu-system-x86 ovmf'],
    ['dnsmasq', 'dnsmasq-base'],
    ['nginx', 'nginx-light'],
  ] as const;
  if (!tools.every(([program, debian]) => isThere(program, debian))) return;
  build();
  const lan = new Lan();
  try {
    addSwitch(lan);
    const base = `http://${network.server}:8081`;
    const www = folderOf(lan, { kernel, initrd });
    writeFileSync(
      join(www, 'boot.ipxe'),
      renderBootScript({
        kernelUrl: `${base}/kernel`,
        initrdUrl: `${base}/initrd`,
        kernelArguments,
        bootNote: 'benchmark',
      }),
    );
    const tftp = folderOf(lan, {
      'snponly.efi': join(defaultIpxeDirectory, 'snponly.efi'),
      'undionly.kpxe': join(defaultIpxeDirectory, 'undionly.kpxe'),
    });
    const starts = {
      ours: () => serveOurs(lan, { known: 0, policy: 'boot', kernel, initrd, kernelArguments }),
      theirs: () => serveDnsmasqWithNginx(lan, { www, tftp }),
    } as const satisfies Record<string, () => Promise<Running>>;
    const seen = { ours: [] as number[], theirs: [] as number[] };
    for (let run = 0; run <= runs; run += 1) {
      for (const who of ['ours', 'theirs'] as const) {
        const running = await starts[who]();
        try {
          const ms = await bootOnce(lan, firmware, limitMs);
          say(`boot ${firmware} ${who}: ${Math.round(ms)} ms${run === 0 ? ', not counted' : ''}`);
          // The first pair warms the page cache.
          if (run > 0) seen[who].push(ms);
        } finally {
          await running.stop();
        }
      }
    }
    printRow(
      {
        work: `${firmware} machine (emulated): power-on to kernel, 17 MB of kernel and initrd`,
        peer: 'dnsmasq, nginx',
        ours: median(seen.ours),
        theirs: median(seen.theirs),
        unit: 'ms',
        goal: '0.98',
        runs,
      },
      'lower',
    );
  } finally {
    lan.remove();
  }
}
