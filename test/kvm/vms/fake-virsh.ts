import { Duplex } from 'node:stream';
import { NetError } from '../../../src/net/errors.ts';
import type { CommandOptions, CommandResult, HostShell } from '../../../src/net/shell.ts';

type Power = 'running' | 'paused' | 'shut off' | 'crashed';

/** A domain of the pretended host. */
export interface FakeDomain {
  readonly id: string;
  title: string | undefined;
  description: string | undefined;
  power: Power;
  persistent: boolean;
  cpuNum: number;
  memorySize: number;
  disks: { device: 'disk' | 'cdrom'; target: string; source: string | undefined }[];
  macs: { mac: string; bridge: string }[];
  /** As `virsh dumpxml` prints them. */
  config: string;
  live: string;
  usbDevices: number;
  ours: boolean;
}

/** A machine with a virsh that is small but says no where libvirt does. Text of what it ran is kept. */
export interface FakeVirsh {
  readonly shell: HostShell;
  readonly domains: Map<string, FakeDomain>;
  readonly files: Set<string>;
  readonly ran: string[];
  /** Answers instead of the machine; undefined lets it answer. */
  intercept: ((words: readonly string[]) => Promise<CommandResult | undefined> | undefined) | undefined;
  /** Guests stop when they are asked. */
  heedsAcpi: boolean;
  readonly define: (domain: Partial<FakeDomain> & { readonly id: string }) => FakeDomain;
}

const ok = (stdout = ''): CommandResult => ({
  exitCode: 0,
  signal: undefined,
  stdout,
  stderr: '',
  truncated: false,
});
/** A command that ended with 1 and these last words. */
export const failed = (stderr: string): CommandResult => ({ ...ok(), exitCode: 1, stderr });

/** What `virsh dumpxml` prints of an empty domain. */
export const emptyDump = (extra = ''): string =>
  `<domain type='kvm'>\n  <name>x</name>\n  <devices>\n    <controller type='usb' index='0' model='qemu-xhci'>\n      <alias name='usb'/>\n    </controller>\n${extra}  </devices>\n</domain>\n`;

/** libvirt puts attributes in single quotes and children on lines of their own. */
function asPrinted(xml: string): string {
  return xml.replaceAll(/^ {4}<(controller|redirdev) .*<\/\1>$/gm, (line) => {
    const single = line.trim().replaceAll('"', "'");
    const [, head = '', inner = '', tail = ''] = /^(<[^>]*>)(.*)(<\/\w+>)$/.exec(single) ?? [];
    return [`    ${head}`, ...inner.split(/(?<=\/>)/).map((child) => `      ${child}`), `    ${tail}`].join(
      '\n',
    );
  });
}

/** An empty machine. */
export function fakeVirsh(): FakeVirsh {
  const domains = new Map<string, FakeDomain>();
  const machine: FakeVirsh = {
    domains,
    files: new Set(),
    ran: [],
    intercept: undefined,
    heedsAcpi: true,
    define(domain) {
      const made: FakeDomain = {
        title: undefined,
        description: undefined,
        power: 'shut off',
        persistent: true,
        cpuNum: 1,
        memorySize: 2 ** 27,
        disks: [],
        macs: [],
        config: emptyDump(),
        live: '',
        usbDevices: 0,
        ours: false,
        ...domain,
      };
      domains.set(domain.id, made);
      return made;
    },
    shell: {
      async run(argv, options) {
        const words = argv[0] === 'env' ? argv.slice(1).filter((word) => word !== 'LC_ALL=C') : argv;
        machine.ran.push(words.join(' '));
        const instead = await machine.intercept?.(words);
        return instead ?? run(words, options);
      },
      follow: () => Promise.reject(new NetError('refused', 'not here')),
      connect: () => Promise.resolve(new Duplex()),
      closed: new Promise(() => undefined),
      close: () => Promise.resolve(),
    },
  };

  function run(words: readonly string[], options: CommandOptions | undefined): CommandResult {
    const [program, ...rest] = words;
    if (program === 'virsh') return virsh(rest.slice(2), options?.input);
    if (program === 'sh' && words[2]?.includes('virsh') === true)
      return virsh(words.slice(6), options?.input);
    if (program === 'sh') {
      const there = words.slice(4).flatMap((path, index) => (machine.files.has(path) ? [String(index)] : []));
      return ok(there.join('\n'));
    }
    if (program === 'qemu-img' || program === 'install') {
      machine.files.add(
        words.find((word) => word.startsWith('/var/lib/') && word.endsWith('.qcow2')) ?? rest.at(-1) ?? '',
      );
    }
    if (program === 'test') return machine.files.has(rest.at(-1) ?? '') ? ok() : failed('');
    if (program === 'rm') {
      for (const file of machine.files)
        if (rest.some((folder) => file.startsWith(folder))) machine.files.delete(file);
    }
    if (program === 'cat') return rest[0]?.startsWith('/proc/net') === true ? ok() : failed('no such file');
    return ok();
  }

  function virsh(words: readonly string[], input: string | undefined): CommandResult {
    const [command, id = ''] = words;
    if (command === 'list') return ok([...domains.keys()].join('\n'));
    if (command === 'define') return define(input ?? '');
    const domain = domains.get(id);
    if (domain === undefined) return failed(`error: failed to get domain '${id}'`);
    const on = domain.power !== 'shut off';
    const onlyIf = (fits: boolean, why: string, change: () => void): CommandResult => {
      if (!fits) return failed(`error: Requested operation is not valid: ${why}`);
      change();
      return ok();
    };
    const off = (): void => {
      domain.power = 'shut off';
      domain.live = '';
      if (!domain.persistent) domains.delete(id);
    };
    switch (command) {
      case 'domstate':
        return ok(`${domain.power}\n\n`);
      case 'start':
        return onlyIf(!on, 'domain is already running', () => {
          domain.power = 'running';
          domain.live = domain.config;
        });
      case 'shutdown':
        return onlyIf(domain.power === 'running', 'domain is not running', () => {
          if (machine.heedsAcpi) off();
        });
      case 'destroy':
        return onlyIf(on, 'domain is not running', off);
      case 'reboot':
      case 'reset':
        return onlyIf(on, 'domain is not running', () => undefined);
      case 'suspend':
        return onlyIf(on, 'domain is not running', () => (domain.power = 'paused'));
      case 'resume':
        return onlyIf(
          domain.power === 'paused',
          'domain is already running',
          () => (domain.power = 'running'),
        );
      case 'undefine':
        domains.delete(id);
        return ok();
      case 'dumpxml':
        return ok(words.includes('--inactive') || !on ? domain.config : domain.live);
      case 'desc':
        if (words.includes('--title')) domain.title = words.at(-1);
        else domain.description = words.at(-1);
        return ok();
      case 'setvcpus':
        return onlyIf(!on, 'the domain runs', () => (domain.cpuNum = Number(words[2])));
      case 'setmem':
      case 'setmaxmem':
        return onlyIf(
          !on,
          'the domain runs',
          () => (domain.memorySize = Number.parseInt(words[2] ?? '', 10)),
        );
      case 'change-media': {
        const drive = domain.disks.find((disk) => disk.target === words[2]);
        if (drive) drive.source = words.includes('--eject') ? undefined : words[3];
        return drive ? ok() : failed(`error: No disk found whose source path or target is ${words[2] ?? ''}`);
      }
      case 'attach-device': {
        const source = /file="([^"]*)"/.exec(input ?? '')?.[1];
        const target = /dev="([^"]*)"/.exec(input ?? '')?.[1] ?? '';
        domain.disks.push({ device: 'cdrom', target, source });
        return ok();
      }
      default:
        return ok();
    }
  }

  function define(xml: string): CommandResult {
    const id = /<uuid>([^<]*)<\/uuid>/.exec(xml)?.[1];
    const known = id === undefined ? [...domains.values()][0] : domains.get(id);
    if (known !== undefined) {
      known.config = asPrinted(xml);
      return ok();
    }
    if (id === undefined) return failed('error: no uuid');
    machine.define({
      id,
      ours: xml.includes('ours="true"'),
      title: /<title>([^<]*)<\/title>/.exec(xml)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
      memorySize: Number(/<memory unit="b">(\d+)/.exec(xml)?.[1]),
      cpuNum: Number(/<vcpu>(\d+)/.exec(xml)?.[1]),
      macs: [...xml.matchAll(/<mac address="([^"]*)"\/>\n<source bridge="([^"]*)"/g)].map(
        ([, mac = '', bridge = '']) => ({
          mac,
          bridge,
        }),
      ),
    });
    return ok();
  }

  return machine;
}
