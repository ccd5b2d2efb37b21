import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ConfigError,
  type ConfigSources,
  describeConfig,
  loadConfig,
  readAdminPassword,
} from '../src/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'rackwright-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(directory, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function refusal(sources: ConfigSources): ConfigError {
  try {
    loadConfig({ env: {}, ...sources });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

const faultsOf = (text: string): readonly string[] =>
  refusal({ file: file(text) }).data['faults'] as readonly string[];

describe('defaults', () => {
  it('need no file', () => {
    const config = loadConfig({ env: {} });
    expect(config).toEqual({
      dataDirectory: './rackwright-data',
      api: {
        address: '0.0.0.0',
        port: 8080,
        timeZone: 'UTC',
        sessionHours: 2,
        revealSecrets: false,
        tls: {},
      },
      admin: {},
      boot: {
        httpPort: 8081,
        tftpPort: 69,
        dhcpPort: 67,
        dhcpClientPort: 68,
        dhcpProxyPort: 4011,
        rapidCommit: false,
        bootp: false,
        tftpSinglePort: false,
        mtu: 1500,
        ipxeDirectory: '/usr/lib/ipxe',
        leaseSeconds: { firmware: 300, installer: 3600, host: 86_400 },
      },
      inspector: {
        kernel: './.cache/rackwright/inspector/vmlinuz',
        initrd: './.cache/rackwright/inspector/initrd.img',
        kernelArguments: ['console=tty0', 'console=ttyS0,115200', 'quiet'],
      },
      installer: { kernelArguments: [] },
      images: { noProxy: [] },
      ipmi: { privilege: 'administrator' },
      provision: { inspectMinutes: 10, rebootMinutes: 5, installMinutes: 30, maxRunsPerMinute: 20 },
      kvm: { libvirtUri: 'qemu:///system', lookMinutes: 10 },
      console: { idleMinutes: 60, maxViewers: 100, recordRuns: true, recordMegabytes: 64 },
      log: { level: 'info' },
    });
  });

  it('belong to one caller alone', () => {
    loadConfig({ env: {} }).inspector.kernelArguments.push('debug');
    loadConfig({ env: {} }).boot.leaseSeconds.host = 1;
    expect(loadConfig({ env: {} }).inspector.kernelArguments).not.toContain('debug');
    expect(loadConfig({ env: {} }).boot.leaseSeconds.host).toBe(86_400);
  });
});

describe('sources', () => {
  it('takes the file over defaults and overrides over the file', () => {
    const path = file(
      'api:\n  port: 1\n  address: "::1"\nboot:\n  leaseSeconds: {host: 60}\nlog:\ninstaller: {kernelArguments: [a, b=c d]}\n',
    );
    const config = loadConfig({
      file: path,
      env: {},
      overrides: { api: { port: 2 }, log: { level: 'debug' } },
    });
    expect(config.api).toMatchObject({ port: 2, address: '::1', timeZone: 'UTC' });
    expect(config.boot.leaseSeconds).toEqual({ firmware: 300, installer: 3600, host: 60 });
    expect(config.log.level).toBe('debug');
    expect(config.installer.kernelArguments).toEqual(['a', 'b=c d']);
  });

  it('takes JSON and an empty file', () => {
    expect(loadConfig({ file: file('{"api":{"port":81}}'), env: {} }).api.port).toBe(81);
    expect(loadConfig({ file: file('# nothing yet\n'), env: {} }).api.port).toBe(8080);
  });

  it('finds the file by RACKWRIGHT_CONFIG, unless one is named', () => {
    const env = { RACKWRIGHT_CONFIG: file('api: {port: 5}') };
    expect(loadConfig({ env }).api.port).toBe(5);
    expect(loadConfig({ env, file: file('api: {port: 6}') }).api.port).toBe(6);
    expect(refusal({ env: { RACKWRIGHT_CONFIG: join(directory, 'none.yaml') } })).toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('ignores overrides that are undefined', () => {
    const overrides = { api: { port: undefined } } as unknown as NonNullable<ConfigSources['overrides']>;
    expect(loadConfig({ env: {}, overrides }).api.port).toBe(8080);
  });
});

describe('password of admin', () => {
  it('comes from the environment, which is cleared, before the file', () => {
    const env: Record<string, string | undefined> = { RACKWRIGHT_ADMIN_PASSWORD: 'from env' };
    const config = loadConfig({ file: file('admin: {passwordFile: /nowhere}'), env });
    expect(readAdminPassword(config)).toBe('from env');
    expect(env).not.toHaveProperty('RACKWRIGHT_ADMIN_PASSWORD');
  });

  it('is cleared even when the configuration is wrong', () => {
    const env: Record<string, string | undefined> = { RACKWRIGHT_ADMIN_PASSWORD: 'from env' };
    expect(refusal({ file: file('x: 1'), env }).message).not.toContain('from env');
    expect(env).not.toHaveProperty('RACKWRIGHT_ADMIN_PASSWORD');
  });

  it('comes from a file without its line end, read only when asked for', () => {
    const path = file(' pass word \n');
    expect(readAdminPassword(loadConfig({ env: {}, overrides: { admin: { passwordFile: path } } }))).toBe(
      ' pass word ',
    );
    const gone = loadConfig({ env: {}, overrides: { admin: { passwordFile: join(directory, 'gone') } } });
    expect(() => readAdminPassword(gone)).toThrow(/cannot be read \(ENOENT\)/);
    const empty = loadConfig({ env: {}, overrides: { admin: { passwordFile: file('\n') } } });
    expect(() => readAdminPassword(empty)).toThrow(/is empty/);
    expect(readAdminPassword(loadConfig({ env: {} }))).toBeUndefined();
  });
});

it('takes a proxy with its user, and what is asked without it', () => {
  const text =
    'images: {proxy: "http://rack:pass%40word@proxy.example:3128", noProxy: [mirror.example, .inner, 192.0.2.0/24, "2001:db8::1"]}';
  expect(loadConfig({ file: file(text), env: {} }).images).toEqual({
    proxy: 'http://rack:pass%40word@proxy.example:3128',
    noProxy: ['mirror.example', '.inner', '192.0.2.0/24', '2001:db8::1'],
  });
});

describe('faults', () => {
  it('are told all at once, by path', () => {
    const text = `
api: {port: 65536, address: 1, timeZone: 3, publicUrl: "ftp://x", sessionHours: 0}
boot: {dns: 1.2.3, router: 192.0.2.1, leaseSeconds: {firmware: 0.5, host: 0}, tftpPort: -1}
provision: [1]
ipmi: {privilege: root}
log: {level: loud}
inspector: {kernel: "", kernelArguments: ["ok", " x"]}
installer: {kernelArguments: quiet}
`;
    expect(faultsOf(text).map((fault) => fault.split(' ')[0])).toEqual([
      'api.port',
      'api.address',
      'api.timeZone',
      'api.publicUrl',
      'api.sessionHours',
      'boot.dns',
      'boot.leaseSeconds.firmware',
      'boot.leaseSeconds.host',
      'boot.tftpPort',
      'provision',
      'ipmi.privilege',
      'log.level',
      'inspector.kernel',
      'inspector.kernelArguments',
      'installer.kernelArguments',
    ]);
  });

  it.each([
    ['api: {prt: 1}', 'api.prt is not a setting; did you mean api.port?'],
    ['datadirectory: x', 'datadirectory is not a setting; did you mean dataDirectory?'],
    ['httpPort: 1', 'httpPort is not a setting; did you mean boot.httpPort?'],
    ['boot: {leaseSeconds: {hosts: 1}}', 'did you mean boot.leaseSeconds.host?'],
    ['log: {colour: red}', 'log.colour is not a setting; known here: log.level'],
    ['__proto__: {polluted: 1}', '__proto__ is not a setting'],
    ['constructor: 1', 'constructor is not a setting'],
    ['- a', 'the file must be a group of settings'],
    ['true', 'the file must be a group of settings'],
  ])('%s: %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(fault)]);
    expect({}).not.toHaveProperty('polluted');
  });

  it.each([
    ['api: {address: localhost}', 'api.address must be'],
    ['api: {timeZone: Mars/Olympus}', 'api.timeZone must be'],
    ['images: {proxy: "http://["}', 'images.proxy must be'],
    ['images: {noProxy: [192.0.2.0/33]}', 'images.noProxy must list'],
    ['images: {noProxy: [mirror.example/8]}', 'images.noProxy must list'],
    ['images: {noProxy: ["2001:db8::/129"]}', 'images.noProxy must list'],
    ['api: {publicUrl: "http://["}', 'api.publicUrl must be'],
    ['installer: {kernel: /k}', 'installer.kernel and installer.initrd'],
    ['admin: {password: a, passwordFile: b}', 'exclude each other'],
  ])('%s: %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(fault)]);
  });

  it('in the YAML are told by place', () => {
    const error = refusal({ file: file('api:\n  port: 1\n  port: 2\nlog: {level: info\n') });
    expect(error.code).toBe('unreadable');
    expect(error.data['faults']).toContain('line 3, column 3: duplicate key');
    expect(refusal({ file: file('a: *nowhere') }).code).toBe('unreadable');
    const bomb = Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1},*a${i - 1}` : 'x'}]`);
    expect(refusal({ file: file(bomb.join('\n')) }).code).toBe('unreadable');
  });

  it.each([
    'admin: hunter2canary',
    'admin: {password: [hunter2canary]}',
    'admin: {password: 2, hunter2canary: 3}',
    'admin: {password:hunter2canary}',
    '{password:hunter2canary}',
    'password: hunter2canary',
    'admin: {password: hunter2canary, passwordFile: x}',
    'admin:\n  password: "hunter2canary\n  x: 1',
    'admin:\n  password: hunter2canary: x',
    'admin:\n  password: !hunter2canary x',
    'admin: {password: hunter2canary}\nadmin: {password: hunter2canary}',
    'images: {proxy: "https://u:hunter2canary@proxy.example", noProxy: ["hunter2canary/33"]}',
    'images: {proxy: "http://u:hunter2canary@"}',
    'images: {"proxy:http://u:hunter2canary@proxy.example"}',
    'admin: {password: *hunter2canary}',
    'api: {port: hunter2canary, address: hunter2canary, timeZone: hunter2canary, publicUrl: hunter2canary}',
    'log: {level: hunter2canary}\ninstaller: {kernelArguments: [ hunter2canary, "\\t"], url: "http://hunter2canary?"}',
  ])('never repeat a value: %s', (text) => {
    const error = refusal({ file: file(text) });
    expect(`${error.stack} ${JSON.stringify(error.data)} ${String(error.cause)}`).not.toContain('hunter2');
  });
});

it('is documented, key by key', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/config.md'), 'utf8');
  const rows = describeConfig().map(
    ({ key, type, default: value, meaning }) =>
      `| \`${key}\` | ${value === undefined ? 'none' : `\`${value}\``} | ${type} | ${meaning} |`,
  );
  expect(rows.length).toBeGreaterThan(25);
  const table = text.slice(text.indexOf('| setting |')).trim().split('\n').slice(2);
  expect(table).toEqual(rows);
});

it('has the documented example right', () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/config.md'), 'utf8');
  const example = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  expect(loadConfig({ file: file(example), env: {} }).boot.dns).toBe('192.0.2.53');
});
