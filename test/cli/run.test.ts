import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { ProvisionError } from '../../src/provision/index.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword } from '../support/api-world.ts';
import { chassis } from '../support/records.ts';
import type { Cli } from './cli-world.ts';
import { openCli, Sink } from './cli-world.ts';

let cli: Cli;
let world: ApiWorld;
let home: string;
beforeAll(async () => {
  cli = await openCli();
  ({ world, home } = cli);
});
afterAll(() => cli.close());
beforeEach(async () => {
  await seedRows(world);
  world.domain.calls.length = 0;
});

const rackwright: Cli['rackwright'] = (...args) => cli.rackwright(...args);
const logIn = () => cli.logIn();
const sessionFile = () => join(home, '.config/rackwright/session.json');

describe('login', () => {
  it('takes the password from standard input, and keeps the session for its owner only', async () => {
    const answer = await rackwright(['login'], `${adminPassword}\nmore`);
    expect(answer).toEqual({
      status: 0,
      out: expect.stringContaining('logged in to http://127.0.0.1'),
      err: '',
    });
    expect(statSync(sessionFile()).mode & 0o777).toBe(0o600);
    const stored = JSON.parse(readFileSync(sessionFile(), 'utf8')) as { session: string; url: string };
    expect(stored).toEqual({ url: world.api.url, session: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(answer.out).not.toContain(stored.session);
    expect((await rackwright(['chassis', 'list'])).status).toBe(0);
  });

  it('asks on a terminal without showing what is typed', async () => {
    const raw: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    const [stdout, stderr] = [new Sink(), new Sink()];
    const env = { HOME: home, RACKWRIGHT_URL: world.api.url };
    const ended = run(['login'], { env, stdin, stdout, stderr });
    for (const piece of ['x\u007f', adminPassword, '\r']) stdin.write(piece);
    expect(await ended).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(stderr.text).toBe('Password of admin: \n');
    const broken = run(['login'], { env, stdin, stdout, stderr });
    stdin.write('abc\u0003');
    expect(await broken).toBe(2);
  });

  it('has no option for a password', async () => {
    const answer = await rackwright(['login', '--password', 'x']);
    expect([answer.status, answer.err]).toEqual([2, expect.stringContaining('--password')]);
  });

  it('says what is wrong, with an exit status for each', async () => {
    const wrong = await rackwright(['login'], 'wrong\n');
    expect(wrong).toEqual({
      status: 1,
      out: '',
      err: expect.stringContaining('wrong account name or password'),
    });
    expect((await rackwright(['login'], '')).status).toBe(2);
    const dead = await rackwright(['chassis', 'list', '--url', 'http://127.0.0.1:9']);
    expect([dead.status, dead.err]).toEqual([
      3,
      expect.stringContaining('no answer from http://127.0.0.1:9'),
    ]);
    const other = await rackwright([
      'chassis',
      'list',
      '--url',
      world.api.url.replace('127.0.0.1', 'localhost'),
    ]);
    // Same server under another name: the stored session is not sent there.
    expect([other.status, other.err]).toEqual([4, expect.stringContaining('rackwright login')]);
    expect((await rackwright(['chassis', 'list', '--url', 'nonsense'])).status).toBe(2);
  });

  it('logs out', async () => {
    await logIn();
    expect((await rackwright(['logout'])).status).toBe(0);
    expect((await rackwright(['chassis', 'list'])).status).toBe(4);
  });
});

describe('chassis', () => {
  beforeAll(logIn);

  it('lists as a table and as JSON', async () => {
    const table = await rackwright(['chassis', 'list']);
    expect(table.out.split('\n')[0]).toMatch(/^NAME +UUID +STATUS/);
    expect(table.out).toContain(existing.chassis);
    const json = JSON.parse((await rackwright(['chassis', 'list', '--json'])).out) as {
      inventories: unknown[];
    };
    expect(json.inventories.length).toBe(1);
  });

  it('creates with the password from the environment, never from the command line', async () => {
    const argv = 'chassis create --name box --ipmi-address 192.0.2.1 --ipmi-user root --ipmi-port 6230'.split(
      ' ',
    );
    const tags = ['--boot-mac', '52:54:00:00:00:01', '--boot-mac', '52:54:00:00:00:02', '--skip-ipmi-check'];
    const secret = { RACKWRIGHT_IPMI_PASSWORD: 'calvin-calvin' };
    const answer = await rackwright([...argv, ...tags, '--boot-mode', 'uefi'], '', secret);
    expect([answer.status, answer.err]).toEqual([0, '']);
    expect(answer.out).not.toContain('calvin');
    expect(world.domain.calls[0]?.[1]).toEqual({
      name: 'box',
      ipmiAddress: '192.0.2.1',
      ipmiPort: '6230',
      ipmiUsername: 'root',
      ipmiPassword: 'calvin-calvin',
      systemTags: [
        'bootMac::52:54:00:00:00:01',
        'bootMac::52:54:00:00:00:02',
        'bootMode::uefi',
        'skipIpmiCheck::true',
      ],
    });
    expect((await rackwright([...argv, '--ipmi-password', 'x'])).status).toBe(2);
    expect((await rackwright(['chassis', 'create', '--name', 'x'])).err).toContain(
      '--ipmi-address is missing',
    );
  });

  it('is found by name or uuid, and says when a name is none or several', async () => {
    for (const word of ['c', existing.chassis, existing.chassis.toUpperCase()]) {
      const answer = await rackwright(['chassis', 'power', 'status', word]);
      expect(answer).toEqual({ status: 0, out: 'ON\n', err: '' });
    }
    const odd = 'a=b!=c';
    const twin = '7'.repeat(32) as Uuid;
    await world.store.provision.saveChassis(chassis({ uuid: twin, name: odd }));
    expect((await rackwright(['chassis', 'power', 'on', odd])).status).toBe(0);
    expect(world.domain.calls.at(-1)).toEqual(['power', twin, 'on']);
    await world.store.provision.saveChassis(chassis({ uuid: twin, name: 'c' }));
    const two = await rackwright(['chassis', 'power', 'on', 'c']);
    expect([two.status, two.err]).toEqual([1, expect.stringContaining(twin)]);
    const none = await rackwright(['chassis', 'power', 'on', 'nobody']);
    expect([none.status, none.err]).toEqual([1, expect.stringContaining('no chassis')]);
    expect((await rackwright(['chassis', 'power', 'explode', 'c'])).status).toBe(2);
    expect((await rackwright(['chassis', 'power', 'on'])).status).toBe(2);
  });

  it('shows why a call was refused', async () => {
    world.domain.fail = new ProvisionError('power-on-failed', 'the BMC refused: fan missing');
    const answer = await rackwright(['chassis', 'power', 'on', 'c']);
    world.domain.fail = undefined;
    expect([answer.status, answer.err]).toEqual([1, expect.stringContaining('fan missing (BAREMETAL.1301')]);
  });

  it('provisions, follows the timeline to the failure, and explains it', async () => {
    const line = {
      runUuid: '0'.repeat(32) as never,
      chassisUuid: existing.chassis as never,
      bytes: undefined,
    };
    world.domain.timelineEntries = [
      { ...line, at: 1_510_698_057_000, step: 'power', text: 'power cycle' },
      {
        ...line,
        at: 1_510_698_059_500,
        step: 'tftp-done',
        text: 'undionly.kpxe \u001b[31mred',
        bytes: 70_000,
      },
    ];
    const failed = await rackwright(['chassis', 'provision', 'c', '--wait']);
    expect([failed.status, failed.err]).toEqual([1, 'rackwright: no offer was accepted\n']);
    expect(failed.out).toContain('+2.5 s  tftp-done        undionly.kpxe ?[31mred (68.4 KiB)');
    const why = await rackwright(['why', 'c']);
    expect(why.out).toContain('cause: no offer was accepted');
    expect(why.out).toContain('last inspection, begun Nov 14, 2017 10:20:57 PM: failed');
    world.domain.timelineEntries = [];
    expect((await rackwright(['why', 'c'])).out).toContain('has not been provisioned');
    expect((await rackwright(['chassis', 'provision', 'c'])).out).toBe('c is Rebooting\n');
    expect((await rackwright(['seen'])).out).toMatch(/^MAC/);
  });

  it('shows the stage below the timeline on a terminal while it waits for the end', async () => {
    const { service } = world.domain;
    const timeline = service.timeline.bind(service);
    const at = 1_510_698_057_000;
    const line = {
      runUuid: '0'.repeat(32) as never,
      chassisUuid: existing.chassis as never,
      bytes: undefined,
    };
    world.domain.timelineEntries = [{ ...line, at, step: 'power', text: 'power cycle' }];
    let isOver = false;
    const wait = setTimeout(() => (isOver = true), 2500);
    Object.assign(service, {
      async timeline(uuid: string) {
        const seen = await timeline(uuid);
        const stage = isOver
          ? { stage: 'done', cause: undefined }
          : { stage: 'awaiting-loader', endedAt: undefined };
        return seen && { ...seen, run: { ...seen.run, ...stage } };
      },
    });
    const answer = await rackwright(['chassis', 'provision', 'c', '--wait'], '', {}, { columns: 100 });
    clearTimeout(wait);
    Object.assign(service, { timeline });
    world.domain.timelineEntries = [];
    expect([answer.status, answer.out]).toEqual([0, expect.stringMatching(/power cycle\ndone\n$/)]);
    expect(answer.err).toMatch(
      /chassis provision: inspection: waiting for the loader to be fetched \(20%\) \.\.\. \d s/,
    );
    expect(answer.err.endsWith('\r\u001b[K')).toBe(true);
  });

  it('deletes', async () => {
    expect((await rackwright(['chassis', 'delete', 'c'])).out).toBe('c: deleted\n');
    expect(await world.store.provision.listChassis()).toEqual([]);
  });
});

describe('pxe and hostcfg', () => {
  beforeAll(logIn);

  it('creates, stops and starts a PXE server', async () => {
    const range = '--range-begin 192.0.2.10 --range-end 192.0.2.20 --netmask 255.255.255.0'.split(' ');
    const made = await rackwright(['pxe', 'create', '--interface', 'br0', ...range]);
    expect([made.status, made.out]).toEqual([0, expect.stringContaining('Running')]);
    expect((await rackwright(['pxe', 'stop', 'br0'])).out).toBe('br0: stopped\n');
    expect((await rackwright(['pxe', 'list'])).out).toContain('Stopped');
    expect((await rackwright(['pxe', 'start', 'br0'])).out).toBe('br0: started\n');
  });

  it('says what DHCP does, and shows it', async () => {
    const dhcp = [
      '--mode=proxy',
      '--only-reserved=yes',
      '--reserve=52:54:00:00:00:01=192.0.2.9',
      '--reserve=id:ff00=192.0.2.8',
      '--reserve=',
      '--exclude=192.0.2.15-192.0.2.16',
      '--subnet=198.51.100.0/25, 198.51.100.10-198.51.100.20, router=198.51.100.1, dns=192.0.2.53',
    ];
    const changed = await rackwright(['pxe', 'update', 'test', ...dhcp]);
    expect([changed.status, changed.err]).toEqual([0, '']);
    const call = world.domain.calls.findLast(([name]) => name === 'updatePxeServer');
    expect(call?.[2]).toEqual({
      dhcpMode: 'proxy',
      dhcpOnlyReserved: true,
      dhcpReservations: ['52:54:00:00:00:01=192.0.2.9', 'id:ff00=192.0.2.8'],
      dhcpExclusions: ['192.0.2.15-192.0.2.16'],
      dhcpSubnets: [
        {
          subnet: '198.51.100.0',
          netmask: '255.255.255.128',
          rangeBegin: '198.51.100.10',
          rangeEnd: '198.51.100.20',
          router: '198.51.100.1',
          dns: ['192.0.2.53'],
        },
      ],
    });
    expect((await rackwright(['pxe', 'show', 'test'])).out).toMatch(/dhcpMode: +proxy/);
    expect((await rackwright(['pxe', 'list'])).out).toMatch(/MODE[^]*proxy/);
    await rackwright(['pxe', 'update', 'test', '--exclude', '']);
    expect(world.domain.calls.findLast(([name]) => name === 'updatePxeServer')?.[2]).toEqual({
      dhcpExclusions: [],
    });
  });

  it.each([
    [['pxe', 'update', 'br0'], 'nothing to change'],
    [['pxe', 'update', 'br0', '--only-reserved', 'maybe'], 'takes yes or no'],
    [
      ['pxe', 'update', 'br0', '--subnet', '198.51.100.0,198.51.100.10-198.51.100.20'],
      '--subnet must be like',
    ],
    [['pxe', 'update', 'br0', '--subnet', '198.51.100.0/24,198.51.100.10'], '--subnet must be like'],
    [
      ['pxe', 'update', 'br0', '--subnet', '198.51.100.0/24,198.51.100.10-198.51.100.20,mtu=9000'],
      '--subnet must be like',
    ],
  ])('refuses %j', async (argv, text) => {
    const refused = await rackwright(argv);
    expect([refused.status, refused.err]).toEqual([2, expect.stringContaining(text)]);
  });

  it('creates a hostcfg from a file, shows and deletes it', async () => {
    const file = join(home, 'host.json');
    const nic = { mac: '52:54:00:00:00:01', pxe: true };
    writeFileSync(file, JSON.stringify({ chassis: 'c', nicCfgs: [nic], vnc: false }));
    await rackwright(['hostcfg', 'delete', 'c']);
    const made = await rackwright(['hostcfg', 'create', '--file', file], '', {
      RACKWRIGHT_ROOT_PASSWORD: 'root-pw',
    });
    expect([made.status, made.err]).toEqual([0, '']);
    const created = world.domain.calls.find(([name]) => name === 'createHostCfg');
    expect(created?.[1]).toEqual({
      chassisUuid: existing.chassis,
      password: 'root-pw',
      vnc: false,
      cfgItems: { nicCfgs: [nic] },
    });
    expect((await rackwright(['hostcfg', 'show', 'c'])).out).toContain('nicCfgs');
    expect((await rackwright(['hostcfg', 'delete', 'c'])).status).toBe(0);
    expect((await rackwright(['hostcfg', 'show', 'c'])).err).toContain('has no hostcfg');
  });

  it('does not quote a broken file, which may hold a password', async () => {
    const file = join(home, 'broken.json');
    writeFileSync(file, '{"password":"Canary-in-file"');
    const answer = await rackwright(['hostcfg', 'create', '--file', file, 'c']);
    expect([answer.status, answer.err]).toEqual([1, expect.stringContaining('not JSON')]);
    expect(answer.err).not.toContain('Canary');
    expect((await rackwright(['hostcfg', 'create', '--file', join(home, 'none.json'), 'c'])).status).toBe(1);
  });
});
