import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needRoot, needTools } from '../support/need.ts';
import type { NetQuestions } from '../support/net-lab-process.ts';

const root = join(import.meta.dirname, '..', '..');

describe.skipIf(!needRoot() || !needTools({ tool: 'ip', package: 'iproute2' }))('on a cable', () => {
  const lab = new DhcpLab();
  let ours = '';
  let theirs = '';

  function ask(questions: NetQuestions, before: readonly string[] = []): Record<string, unknown> {
    const script = join(root, 'test/support/net-lab-process.ts');
    const command = [...before, process.execPath, '--import', 'tsx', script, JSON.stringify(questions)];
    const text = execFileSync('ip', ['netns', 'exec', ours, ...command], { cwd: root, encoding: 'utf8' });
    return JSON.parse(text) as Record<string, unknown>;
  }

  const neighbours = (): string =>
    execFileSync('ip', ['-n', ours, 'neighbour', 'show'], { encoding: 'utf8' });

  beforeAll(() => {
    ours = lab.namespace('o');
    theirs = lab.namespace('t');
    lab.cable(ours, 'rack0', theirs, 'nic0', '192.0.2.1/24');
    execFileSync('ip', ['-n', theirs, 'addr', 'add', '192.0.2.7/24', 'dev', 'nic0']);
  });
  afterAll(() => lab.remove());

  it('finds who has an address by ARP, and that nobody has it', () => {
    const { arp, whoHas, warnings, afterClose } = ask({
      device: 'rack0',
      // One of them twice, at the same time: one question.
      arp: ['192.0.2.7', '192.0.2.8', '192.0.2.7', '192.0.2.9'],
      whoHas: '192.0.2.7',
    });
    expect({ arp, warnings, afterClose }).toEqual({
      arp: [true, false, true, false],
      warnings: [],
      afterClose: false,
    });
    expect(whoHas).toBe(lab.macOf(theirs, 'nic0'));
  });

  it('leaves no trace in ARP tables: not in ours, and not at the host that was asked', () => {
    execFileSync('ip', ['-n', ours, 'neighbour', 'flush', 'all']);
    execFileSync('ip', ['-n', theirs, 'neighbour', 'flush', 'all']);
    expect(ask({ device: 'rack0', arp: ['192.0.2.7'] })['arp']).toEqual([true]);
    expect(neighbours()).not.toContain('192.0.2.7');
    const there = execFileSync('ip', ['-n', theirs, 'neighbour', 'show'], { encoding: 'utf8' });
    expect(there).not.toContain('192.0.2.1');
  });

  it('is not misled by an old entry of a host that is gone', () => {
    const mac = '52:54:00:00:00:42';
    execFileSync('ip', [
      '-n',
      ours,
      'neighbour',
      'replace',
      '192.0.2.50',
      'lladdr',
      mac,
      'nud',
      'stale',
      'dev',
      'rack0',
    ]);
    expect(ask({ device: 'rack0', arp: ['192.0.2.50'] })['arp']).toEqual([false]);
  });

  it('finds hosts behind a relay by ICMP', () => {
    expect(ask({ device: 'rack0', icmp: ['192.0.2.7', '192.0.2.8', '203.0.113.5'] })['icmp']).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('teaches the kernel a neighbour, so that a unicast needs no ARP', () => {
    const mac = '52:54:00:12:34:56';
    expect(ask({ device: 'rack0', teach: { ip: '192.0.2.99', mac } })['taught']).toBe(true);
    expect(neighbours()).toMatch(/192\.0\.2\.99 dev rack0 lladdr 52:54:00:12:34:56/);
  });

  it('says that it may not, instead of failing, without the rights', () => {
    const drop = [
      'setpriv',
      '--bounding-set',
      '-all',
      '--inh-caps',
      '-all',
      '--reuid',
      '65534',
      '--clear-groups',
    ];
    const answers = ask(
      {
        device: 'rack0',
        arp: ['192.0.2.7'],
        icmp: ['192.0.2.7'],
        teach: { ip: '192.0.2.98', mac: '52:54:00:12:34:57' },
      },
      drop,
    );
    expect(answers).toMatchObject({ arp: [false], icmp: [false], taught: false });
    expect(answers['warnings']).toHaveLength(2);
    expect(neighbours()).not.toContain('192.0.2.98');
  });

  it('looks at interfaces, also without carrier or address', () => {
    execFileSync('ip', ['-n', theirs, 'link', 'set', 'nic0', 'down']);
    const { look } = ask({ device: 'rack0', look: ['rack0', 'lo', 'nope0', 'a-name-that-is-too-long', ''] });
    execFileSync('ip', ['-n', theirs, 'link', 'set', 'nic0', 'up']);
    expect(look).toEqual([
      {
        index: expect.any(Number) as number,
        mac: lab.macOf(ours, 'rack0'),
        ipv4: { address: '192.0.2.1', netmask: '255.255.255.0' },
      },
      { index: 1, ipv4: { address: '127.0.0.1', netmask: '255.0.0.0' } },
      null,
      null,
      null,
    ]);
  });
});
