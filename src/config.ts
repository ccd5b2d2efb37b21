import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { LineCounter, parseDocument } from 'yaml';
import { CodedError } from './base/errors.ts';

/** `unreadable`: a file could not be read or is no YAML. `invalid`: a setting is wrong. `data.faults` lists the texts, one a fault. */
export class ConfigError extends CodedError<'unreadable' | 'invalid'> {}

const port = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 0, maximum: 65_535, description });
const count = (value: number, maximum: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, maximum, description });
/** A time that is a DHCP lease; a minute is the least that leaves a client time to renew. */
const seconds = (value: number, maximum: number, description: string) =>
  Type.Integer({ default: value, minimum: 60, maximum, description });
const path = (value: string, description: string) =>
  Type.String({ default: value, minLength: 1, description });
const kernelArguments = (value: string[], description: string) =>
  Type.Array(Type.String({ pattern: '^[!-~]([ -~]*[!-~])?$' }), { default: value, description });
const oneOf = <const Word extends string>(words: Word[], value: Word, description: string) =>
  Type.Enum(words, { default: value, description });
const group = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false, default: {} });
const httpUrl = (description: string) =>
  Type.Optional(Type.String({ pattern: '^https?://[^\\s?#]+$', description }));
const proxyPattern = '^http://[^\\s/?#]+/?$';
const hostRulePattern = '^[A-Za-z0-9*._:/-]+$';
const ipv4 = (description: string) => Type.Optional(Type.String({ format: 'ipv4', description }));

const schema = group({
  dataDirectory: path('./rackwright-data', 'Database and key file; made with mode 0700 when missing'),
  api: group({
    address: Type.String({
      default: '0.0.0.0',
      minLength: 1,
      description: 'Address that the REST API listens on',
    }),
    port: port(8080, "TCP port of the REST API; the product's own by default, which its clients assume"),
    publicUrl: httpUrl('Base of job locations as clients reach this server; else the Host header is used'),
    tls: group({
      certificateFile: Type.Optional(
        Type.String({
          minLength: 1,
          description:
            'Certificate of the REST API, PEM, its chain below it; with it and its key the API speaks HTTPS only',
        }),
      ),
      keyFile: Type.Optional(
        Type.String({
          minLength: 1,
          description: 'Its private key, PEM without a passphrase, mode 0600; both are read at the start',
        }),
      ),
    }),
    timeZone: Type.String({
      default: 'UTC',
      minLength: 1,
      description: 'IANA zone of the dates in answers, which carry no zone',
    }),
    sessionHours: Type.Number({
      default: 2,
      exclusiveMinimum: 0,
      maximum: 8760,
      description: 'Life of a login session, hours; default of the setting identity/session.timeout',
    }),
    revealSecrets: Type.Boolean({
      default: false,
      description:
        'True shows BMC and root passwords to administrators who read them, with an entry in the audit log each time',
    }),
  }),
  admin: group({
    password: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Password of `admin`, read at the first start only; prefer passwordFile',
      }),
    ),
    passwordFile: Type.Optional(
      Type.String({ minLength: 1, description: 'File with that password, read at the first start only' }),
    ),
  }),
  boot: group({
    httpPort: port(8081, 'TCP port of the boot HTTP server, on the interface of each PXE server'),
    tftpPort: port(69, 'UDP port of TFTP; firmware knows no other'),
    dhcpPort: port(67, 'UDP port of DHCP; firmware knows no other'),
    dhcpClientPort: port(68, 'UDP port that DHCP clients listen on'),
    ipxeDirectory: path('/usr/lib/ipxe', 'iPXE loaders, as the Debian package ipxe installs them'),
    dhcpProxyPort: port(4011, 'UDP port that PXE clients ask in proxy mode; firmware knows no other'),
    rapidCommit: Type.Boolean({
      default: false,
      description: 'DHCP in two messages for clients that ask for it; only where no other DHCP server is',
    }),
    bootp: Type.Boolean({
      default: false,
      description: 'Answers BOOTP clients too, which never give an address back',
    }),
    tftpSinglePort: Type.Boolean({
      default: false,
      description:
        'True answers all TFTP transfers from its one port, for firewalls that let no other through',
    }),
    mtu: Type.Integer({
      default: 1500,
      minimum: 576,
      maximum: 9216,
      description: 'Bytes of the largest packet that reaches the machines whole; bounds the blocks of TFTP',
    }),
    leaseSeconds: group({
      firmware: seconds(
        300,
        86_400,
        'Lease of a booting machine, seconds; default of the setting baremetal/dhcp.lease.firmware',
      ),
      installer: seconds(
        3600,
        604_800,
        'Lease of a running inspector or installer, seconds; default of baremetal/dhcp.lease.installer',
      ),
      host: seconds(
        86_400,
        31_536_000,
        'Lease of an installed system, seconds; default of baremetal/dhcp.lease.host',
      ),
    }),
    router: ipv4('Default gateway for DHCP clients (option 3)'),
    dns: ipv4('Name server for DHCP clients (option 6)'),
  }),
  inspector: group({
    kernel: path('./.cache/rackwright/inspector/vmlinuz', 'Kernel of the inspector'),
    initrd: path('./.cache/rackwright/inspector/initrd.img', 'Initial RAM disk of the inspector'),
    kernelArguments: kernelArguments(
      ['console=tty0', 'console=ttyS0,115200', 'quiet'],
      'Kernel arguments of the inspector; screen and serial console by default. Without quiet the console shows the report URL',
    ),
  }),
  installer: group({
    kernel: Type.Optional(Type.String({ minLength: 1, description: 'Kernel of the installer' })),
    initrd: Type.Optional(Type.String({ minLength: 1, description: 'Initial RAM disk of the installer' })),
    url: httpUrl('Install tree that the kickstart names'),
    kernelArguments: kernelArguments([], 'Further kernel arguments of the installer'),
    imageUuid: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{32}$',
        description:
          'Bare-metal image that is installed where a hostcfg names none; it wins over kernel, initrd and url',
      }),
    ),
  }),
  images: group({
    proxy: Type.Optional(
      Type.String({
        pattern: proxyPattern,
        description:
          'HTTP proxy that images are downloaded through, `http://[user:password@]host:port`; environment variables are not heeded',
      }),
    ),
    noProxy: Type.Array(Type.String({ pattern: hostRulePattern }), {
      default: [],
      description:
        'Servers that are asked directly: names, with all below them, addresses, and subnets (CIDR)',
    }),
  }),
  ipmi: group({
    privilege: oneOf(
      ['user', 'operator', 'administrator'],
      'administrator',
      'Privilege of BMC sessions; many boards want administrator for boot options',
    ),
  }),
  provision: group({
    inspectMinutes: count(10, 1440, 'Longest inspection, minutes'),
    rebootMinutes: count(5, 1440, 'Longest wait from power-on to the begin of the installer, minutes'),
    installMinutes: count(30, 1440, 'Longest installation, minutes'),
    maxRunsPerMinute: count(20, 10_000, 'Runs begun in a minute; holds mass re-installs by mistake'),
  }),
  kvm: group({
    libvirtUri: Type.String({
      default: 'qemu:///system',
      pattern: '^[a-z][a-z0-9+]*://[!-~]*$',
      description: 'The libvirt of each KVM host, as virsh -c takes it on that host',
    }),
    lookMinutes: count(10, 1440, 'How often a connected KVM host is looked at without any event, minutes'),
  }),
  console: group({
    idleMinutes: count(
      60,
      10_080,
      'A console that nobody types in or acts at for so long is closed, minutes; while a run is open it stays',
    ),
    maxViewers: count(100, 1000, 'Viewers of one machine at a time; of all machines ten times as many'),
    recordRuns: Type.Boolean({
      default: true,
      description: 'Records the serial console of a machine during each run, also while nobody looks',
    }),
    recordMegabytes: count(
      64,
      65_536,
      'Most that is kept of one serial console, MiB on disk; the oldest output goes first',
    ),
  }),
  log: group({
    level: oneOf(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'info',
      'Least level of log lines',
    ),
  }),
});

/** Every setting, with defaults filled in. */
export type Config = Static<typeof schema>;

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;

export interface ConfigSources {
  /** A YAML (or JSON) file; default the one that RACKWRIGHT_CONFIG names, else none. */
  readonly file?: string;
  /** Default process.env. RACKWRIGHT_ADMIN_PASSWORD is removed from it, so that no child process inherits it. */
  readonly env?: Record<string, string | undefined>;
  /** Settings from the command line; they win over the file. */
  readonly overrides?: DeepPartial<Config>;
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isGroup(part: TSchema): part is TObject {
  return 'properties' in part;
}

/** Texts of YAML errors quote the file, where passwords may stand; so only code and place are told. */
function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new ConfigError('unreadable', `configuration file ${file} cannot be read (${reason})`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: 'silent' });
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return `line ${line}, column ${col}: ${code.toLowerCase().replaceAll('_', ' ')}`;
  });
  if (faults.length > 0) {
    const message = `configuration file ${file} is no valid YAML:\n  ${faults.join('\n  ')}`;
    throw new ConfigError('unreadable', message, { data: { faults } });
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    throw new ConfigError(
      'unreadable',
      `configuration file ${file} has an alias to nothing or too many aliases`,
    );
  }
}

/** `over` laid on `under`, group by group; an empty group in a YAML file is null. */
function merge(part: TSchema, under: unknown, over: unknown): unknown {
  if (!isGroup(part)) return over ?? under;
  const [below, above] = [under ?? {}, over ?? {}];
  // What is no group stays, for faultsOf to refuse.
  if (!isTree(above)) return above;
  if (!isTree(below)) return below;
  const names = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const inner = Object.hasOwn(part.properties, name) ? part.properties[name] : undefined;
      return [name, merge(inner ?? Type.Unknown(), below[name], above[name])];
    }),
  );
}

/** Number of single-character edits between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, right] of b.split('').entries()) {
      const change = (row[j] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/**
 * Refuses an unknown key and names the one that was probably meant: a neighbour, else the same name in another group. The key
 * itself is told only where it is a plain word and not beside a secret: `{password:x}` without a space is one long key.
 */
function unknownKey(group: string, name: string, neighbours: readonly string[]): string {
  const path = (key: string) => (group === '' ? key : `${group}.${key}`);
  const word = name.toLowerCase();
  const near = neighbours
    .map((key) => ({ key: path(key), edits: distance(word, key.toLowerCase()) }))
    .filter(({ edits }) => edits <= Math.max(2, word.length / 3))
    .toSorted((a, b) => a.edits - b.edits)[0]?.key;
  const elsewhere = describeConfig().find(({ key }) => key.toLowerCase().split('.').at(-1) === word)?.key;
  const meant = near ?? elsewhere;
  const secretNear = neighbours.some((key) => /password/i.test(key));
  const shown = secretNear || !/^\w[\w-]{0,60}$/.test(name) ? `a key in ${group || 'the file'}` : path(name);
  const hint =
    meant === undefined ? `known here: ${neighbours.map(path).join(', ')}` : `did you mean ${meant}?`;
  return `${shown} is not a setting; ${hint}`;
}

/** What a setting must be, in words. */
function expectation(part: TSchema): string {
  const { type, minimum, exclusiveMinimum, maximum, format, pattern, items } = part as Record<
    string,
    unknown
  >;
  if ('enum' in part) return `one of ${(part.enum as string[]).join(', ')}`;
  if (type === 'integer') return `a whole number from ${String(minimum)} to ${String(maximum)}`;
  if (type === 'number') return `a number above ${String(exclusiveMinimum)} and at most ${String(maximum)}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'array') return `a list, each ${expectation(items as TSchema)}`;
  if (format === 'ipv4') return 'an IPv4 address';
  if (typeof pattern === 'string' && pattern.startsWith('^https?')) {
    return 'an http or https URL without query or fragment';
  }
  if (pattern === proxyPattern) return 'an http URL without a path';
  if (pattern === hostRulePattern) return 'a name, an address or a subnet';
  if (pattern !== undefined) return 'a text of printable ASCII without spaces around it';
  return 'a text, not empty';
}

/** One text for each thing wrong below `path`; never a value, for it may be a secret in the wrong place. */
function faultsOf(part: TSchema, value: unknown, path: string): readonly string[] {
  if (!isGroup(part)) {
    return value === undefined || Value.Check(part, value) ? [] : [`${path} must be ${expectation(part)}`];
  }
  if (!isTree(value)) return [`${path === '' ? 'the file' : path} must be a group of settings`];
  const known = Object.keys(part.properties);
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const below = Object.hasOwn(part.properties, name) ? part.properties[name] : undefined;
    return below === undefined ? [unknownKey(path, name, known)] : faultsOf(below, inner, at);
  });
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

/** A host name, an address, or a subnet as address and length of its prefix. */
function isHostRule(rule: string): boolean {
  const [address = '', bits, ...more] = rule.split('/');
  const family = isIP(address);
  if (family === 0) return bits === undefined && /^(?:\*?\.)?[\w-]+(?:\.[\w-]+)*$/.test(rule);
  const most = family === 4 ? 32 : 128;
  return more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

/** What one setting's schema cannot say. */
function furtherFaults({ api, admin, installer, images }: Config): readonly string[] {
  return [
    isIP(api.address) === 0 ? 'api.address must be an IPv4 or IPv6 address' : '',
    isTimeZone(api.timeZone) ? '' : 'api.timeZone must be an IANA zone such as UTC or Europe/Berlin',
    api.publicUrl === undefined || URL.canParse(api.publicUrl) ? '' : 'api.publicUrl must be a URL',
    installer.url === undefined || URL.canParse(installer.url) ? '' : 'installer.url must be a URL',
    images.proxy === undefined || URL.canParse(images.proxy) ? '' : 'images.proxy must be a URL',
    images.noProxy.every(isHostRule)
      ? ''
      : 'images.noProxy must list names such as mirror.example, addresses such as 192.0.2.1 and subnets such as 192.0.2.0/24',
    admin.password !== undefined && admin.passwordFile !== undefined
      ? 'admin.password and admin.passwordFile exclude each other'
      : '',
    (api.tls.certificateFile === undefined) === (api.tls.keyFile === undefined)
      ? ''
      : 'api.tls.certificateFile and api.tls.keyFile come together or not at all',
    (installer.kernel === undefined) === (installer.initrd === undefined)
      ? ''
      : 'installer.kernel and installer.initrd come together or not at all',
  ].filter((fault) => fault !== '');
}

/**
 * Reads the settings: defaults, then the file, then `overrides`, then RACKWRIGHT_ADMIN_PASSWORD. Throws ConfigError with every
 * fault by its path and no value of a setting.
 */
export function loadConfig({ file, env = process.env, overrides = {} }: ConfigSources = {}): Config {
  const password = env['RACKWRIGHT_ADMIN_PASSWORD'];
  delete env['RACKWRIGHT_ADMIN_PASSWORD'];
  const named = file ?? env['RACKWRIGHT_CONFIG'];
  const fromFile = named === undefined || named === '' ? {} : (readYaml(named) ?? {});
  const given = merge(schema, fromFile, overrides);
  const faults = faultsOf(schema, given, '');
  const config = Value.Default(schema, given) as Config;
  const all = faults.length > 0 ? faults : furtherFaults(config);
  if (all.length > 0) {
    const source = named === undefined || named === '' ? '' : ` (file ${named})`;
    throw new ConfigError('invalid', `the configuration is wrong${source}:\n  ${all.join('\n  ')}`, {
      data: { faults: all },
    });
  }
  return password === undefined || password === '' ? config : { ...config, admin: { password } };
}

/**
 * The password for `admin` at the first start, undefined when none is set. Throws ConfigError `unreadable` when its file cannot
 * be read or is empty; call it only when it is needed, so that the file may be removed after the first start.
 */
export function readAdminPassword({ admin }: Config): string | undefined {
  if (admin.passwordFile === undefined) return admin.password;
  let text: string;
  try {
    text = readFileSync(admin.passwordFile, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new ConfigError(
      'unreadable',
      `admin.passwordFile ${admin.passwordFile} cannot be read (${reason})`,
    );
  }
  if (text === '') {
    throw new ConfigError('unreadable', `admin.passwordFile ${admin.passwordFile} is empty`);
  }
  return text;
}

/** One setting for the documentation. */
export interface ConfigRow {
  /** Path with dots, e.g. `boot.leaseSeconds.host`. */
  readonly key: string;
  readonly type: string;
  /** As YAML; undefined when there is none. */
  readonly default: string | undefined;
  readonly meaning: string;
}

function describe(part: TSchema, key: string): readonly ConfigRow[] {
  if (isGroup(part)) {
    return Object.entries(part.properties).flatMap(([name, inner]) =>
      describe(inner, key === '' ? name : `${key}.${name}`),
    );
  }
  const { default: value, description } = part as { default?: unknown; description?: string };
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return [{ key, type: expectation(part), default: shown, meaning: description ?? '' }];
}

/** Every setting in the order of the schema. */
export function describeConfig(): readonly ConfigRow[] {
  return describe(schema, '');
}
