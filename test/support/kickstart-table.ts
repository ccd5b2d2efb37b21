/** A flag has no value; a RegExp is what the value must look like. */
export type OptionKind = 'flag' | 'value' | RegExp;

export interface CommandRule {
  readonly options: Readonly<Record<string, OptionKind>>;
  /** Least and most number of arguments that are no options. */
  readonly positional: (options: ReadonlyMap<string, string>) => readonly [number, number];
  readonly check?: (options: ReadonlyMap<string, string>) => string | undefined;
}

const none = (): readonly [number, number] => [0, 0];
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
/** Interface names as the kernel takes them (dev_valid_name), and MAC addresses. */
const device = /^(?:[^\s/:]{1,15}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/;
const boolean = /^(?:on|off|yes|no|true|false|0|1)$/;
const disk = /^[a-z0-9]+$/;

function count(options: ReadonlyMap<string, string>, ...names: readonly string[]): number {
  return names.filter((name) => options.has(name)).length;
}

/** pykickstart's own rules for names of VLAN interfaces. */
function vlanNameFault(name: string): string | undefined {
  const id = name.includes('.')
    ? name.slice(name.indexOf('.') + 1)
    : name.startsWith('vlan')
      ? name.slice(4)
      : '1';
  if (name.startsWith('vlan.')) return 'vlan cannot stand before a dot';
  if (name.startsWith('vlan') && !/^vlan\d+$/.test(name))
    return 'a name that starts with vlan goes on with an id';
  return /^\d+$/.test(id) && Number(id) >= 1 && Number(id) <= 4094 ? undefined : 'no VLAN id in the name';
}

function networkFault(options: ReadonlyMap<string, string>): string | undefined {
  const get = (name: string): string => options.get(name) ?? '';
  if (options.has('--hostname') && options.size === 1) return undefined;
  if (!options.has('--device')) return 'no device';
  if (options.has('--noipv4') && options.has('--bootproto')) return 'bootproto beside noipv4';
  if (get('--bootproto') === 'static' && count(options, '--ip', '--netmask') !== 2)
    return 'static without address';
  if (get('--bootproto') !== 'static' && count(options, '--ip', '--netmask', '--gateway') > 0)
    return 'stray address';
  if (options.has('--bondopts') !== options.has('--bondslaves')) return 'bondopts and bondslaves go together';
  const slaves = get('--bondslaves').split(',');
  if (options.has('--bondslaves') && !slaves.every((slave) => device.test(slave) && !slave.includes(':'))) {
    return 'bondslaves are names of interfaces';
  }
  if (options.has('--interfacename')) {
    if (!options.has('--vlanid')) return 'interfacename without vlanid';
    const fault = vlanNameFault(get('--interfacename'));
    if (fault !== undefined) return fault;
  }
  if (options.has('--bindto') && options.has('--vlanid')) return 'bindto is not for VLANs';
  return undefined;
}

/**
 * The commands that Rackwright writes with the options that both RHEL 8 and RHEL 9 take, from pykickstart's documentation
 * (Kickstart Documentation, chapter 3) and its handlers RHEL8 and RHEL9.
 */
export const commandTable: Readonly<Record<string, CommandRule>> = {
  text: { options: { '--non-interactive': 'flag' }, positional: none },
  graphical: { options: { '--non-interactive': 'flag' }, positional: none },
  vnc: { options: { '--password': 'value', '--host': 'value', '--port': /^\d+$/ }, positional: none },
  lang: { options: { '--addsupport': 'value' }, positional: () => [1, 1] },
  keyboard: {
    options: { '--vckeymap': 'value', '--xlayouts': 'value', '--switch': 'value' },
    positional: (options) => (options.size === 0 ? [1, 1] : [0, 1]),
  },
  timezone: {
    options: { '--utc': 'flag', '--isUtc': 'flag', '--nontp': 'flag', '--ntpservers': 'value' },
    positional: () => [1, 1],
  },
  rootpw: {
    options: { '--iscrypted': 'flag', '--plaintext': 'flag', '--lock': 'flag' },
    positional: (options) => (options.has('--lock') ? [0, 1] : [1, 1]),
    check: (options) => (count(options, '--iscrypted', '--plaintext') > 1 ? 'crypted and plain' : undefined),
  },
  network: {
    options: {
      '--device': device,
      '--hostname': /^[A-Za-z0-9.-]{1,64}$/,
      '--bootproto': /^(?:dhcp|bootp|static|ibft)$/,
      '--ip': ipv4,
      '--netmask': ipv4,
      '--gateway': ipv4,
      '--nameserver': ipv4,
      '--onboot': boolean,
      '--noipv4': 'flag',
      '--noipv6': 'flag',
      '--activate': 'flag',
      '--no-activate': 'flag',
      '--nodefroute': 'flag',
      '--nodns': 'flag',
      '--mtu': /^\d+$/,
      '--bondslaves': 'value',
      '--bondopts':
        /^mode=(?:balance-rr|active-backup|balance-xor|broadcast|802\.3ad|balance-tlb|balance-alb),miimon=\d+$/,
      '--vlanid': /^(?:[1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/,
      '--interfacename': device,
      '--bindto': /^mac$/,
    },
    positional: none,
    check: networkFault,
  },
  url: {
    options: {
      '--url': /^(?:https?|ftp):\/\//,
      '--mirrorlist': 'value',
      '--metalink': 'value',
      '--noverifyssl': 'flag',
    },
    positional: none,
    check: (options) =>
      count(options, '--url', '--mirrorlist', '--metalink') === 1
        ? undefined
        : 'exactly one source is needed',
  },
  firstboot: { options: { '--disable': 'flag', '--enable': 'flag', '--reconfig': 'flag' }, positional: none },
  skipx: { options: {}, positional: none },
  zerombr: { options: {}, positional: none },
  ignoredisk: {
    options: { '--drives': disk, '--only-use': disk },
    positional: none,
    check: (options) => (options.size === 1 ? undefined : 'exactly one of --drives and --only-use'),
  },
  clearpart: {
    options: {
      '--all': 'flag',
      '--none': 'flag',
      '--linux': 'flag',
      '--initlabel': 'flag',
      '--drives': disk,
      '--list': 'value',
    },
    positional: none,
    check: (options) =>
      count(options, '--all', '--none', '--linux', '--list') > 1 ? 'two kinds at once' : undefined,
  },
  autopart: {
    options: {
      '--type': /^(?:lvm|plain|thinp)$/,
      '--fstype': 'value',
      '--nohome': 'flag',
      '--noswap': 'flag',
    },
    positional: none,
  },
  bootloader: {
    options: {
      '--location': /^(?:mbr|partition|none)$/,
      '--boot-drive': disk,
      '--append': 'value',
      '--timeout': /^\d+$/,
    },
    positional: none,
  },
  reboot: { options: { '--eject': 'flag', '--kexec': 'flag' }, positional: none },
};

const script: Readonly<Record<string, OptionKind>> = {
  '--interpreter': /^\/\S+$/,
  '--erroronfail': 'flag',
  '--log': /^\/\S+$/,
};

export const sectionTable: Readonly<Record<string, Readonly<Record<string, OptionKind>>>> = {
  '%packages': {},
  '%pre': script,
  '%post': { ...script, '--nochroot': 'flag' },
  '%onerror': script,
};
