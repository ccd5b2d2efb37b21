import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { needTools } from '../support/need.ts';

const script = resolve(import.meta.dirname, '../../hardware-lab/installer/kickstart.awk');
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function read(
  text: string,
  mode: 'pre' | 'full' = 'full',
): { status: number | null; said: string; out: string } {
  const out = mkdtempSync(join(tmpdir(), 'rackwright-ks-'));
  folders.push(out);
  writeFileSync(join(out, 'ks.cfg'), text.replaceAll('@OUT@', out));
  const args = ['awk', '-v', `mode=${mode}`, '-v', `file=${out}/ks.cfg`, '-v', `out=${out}`, '-f', script];
  const done = spawnSync('busybox', args, { encoding: 'utf8', timeout: 10_000 });
  return { status: done.status, said: done.stdout.trim() + done.stderr, out };
}

/** The commands as the installer sees them: options in any order, so sorted. */
function commands(text: string): string[][] {
  const { said, status, out } = read(text);
  expect([status, said]).toEqual([0, '']);
  const lines = readFileSync(join(out, 'commands'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [name = '', ...words] = line.split('\u0001');
    return [name, ...words.toSorted()];
  });
}

describe.skipIf(!needTools({ tool: 'busybox', package: 'busybox-static' }))('kickstart reader', () => {
  it('splits words as a shell does', () => {
    expect(
      commands(`rootpw --iscrypted '$6$a$b'
lang "en_US"'.UTF-8' # comment
timezone Etc\\/UTC#comment
url --url http://192.0.2.1/a
vnc --password='a b"c'
`),
    ).toEqual([
      ['rootpw', '$6$a$b', '--iscrypted'],
      ['lang', 'en_US.UTF-8'],
      ['timezone', 'Etc/UTC'],
      ['url', '--url=http://192.0.2.1/a'],
      ['vnc', '--password=a b"c'],
    ]);
  });

  it('compares numbers as numbers', () => {
    const line = 'network --device=eth0 --vlanid=7 --bootproto=static --ip=9.9.9.9 --netmask=255.0.0.0';
    expect(commands(`${line}\n`)[0]).toContain('--vlanid=7');
  });

  it('follows includes and keeps the order', () => {
    const { out } = read('');
    writeFileSync(join(out, 'net.ks'), 'network --device=eth0 --bootproto=dhcp\n');
    expect(commands(`text\n%include ${out}/net.ks\nreboot\n`).map(([name]) => name)).toEqual([
      'text',
      'network',
      'reboot',
    ]);
  });

  it('reads only %pre in the first pass, everything else in the second', () => {
    const text = `unknown\n%include /tmp/not-yet.ks
%pre --interpreter=/bin/sh --erroronfail --log=/tmp/x
echo one
%end
%post --nochroot
echo two
%end
%onerror
echo three
%end
`;
    const first = read(text, 'pre');
    expect(first.said).toBe('');
    expect(readFileSync(join(first.out, 'pre-01.sh'), 'utf8')).toBe('echo one\n');
    expect(readdirSync(first.out).toSorted()).toEqual(['ks.cfg', 'pre-01.options', 'pre-01.sh']);
    const second = read(text.replace(/^.*\n/, ''));
    expect(second.status).toBe(3);
    const third = read(text.replace(/^.*\n.*\n|^.*?(?=%pre)/, '').replace(/^.*not-yet.*\n/m, ''));
    expect(third.said).toBe('');
    expect(readFileSync(join(third.out, 'post-01.sh'), 'utf8')).toBe('echo two\n');
    expect(readFileSync(join(third.out, 'post-01.options'), 'utf8')).toBe('nochroot=1\nerroronfail=0\n');
    expect(readFileSync(join(third.out, 'onerror-01.sh'), 'utf8')).toBe('echo three\n');
    expect(existsSync(join(third.out, 'pre-01.sh'))).toBe(false);
  });

  it.each([
    ['raid / --level=1', 'unknown command: raid / --level=1'],
    ['clearpart --all --force', 'unknown option --force: clearpart --all --force'],
    ['network --device=eth0 --bootproto=static --ip=192.0.2.5', 'static without --ip and --netmask'],
    ['network --device=eth0 --bootproto=bootp', 'unknown --bootproto'],
    ['network --device=eth0 --ip=192.0.2.999', '--ip is no IPv4 address'],
    ['network --device=bond0 --bondslaves=eth1 --bondopts=mode=9', 'unknown bond mode'],
    ['network --device=bond0 --bondslaves=eth1 --bondopts=mode=4,evil=1', 'unknown bond option evil'],
    ['network --device=bond0 --bondslaves=../eth1', 'bad --bondslaves'],
    ['network --device=eth0 --vlanid=4095', 'VLAN id out of range'],
    ['network --device=a/b', '--device is no interface name'],
    ['lang', 'wrong number of words'],
    ['text now', 'wrong number of words'],
    ["lang 'en", 'a quote is not closed'],
    ['lang en\u0001--x', 'a control character'],
    ['%addon org_fedora_oscap\n%end', 'unknown section'],
    ['%post --interpreter=/usr/bin/python3\n%end', 'only /bin/sh is here'],
    ['%post\necho', '%post has no %end'],
    ['%packages\nvim; rm\n%end', 'unknown package line'],
    ['%include http://192.0.2.1/x', 'only %include of a local file is known'],
    ['%include @OUT@/ks.cfg', '%include goes round'],
    ['%include /nowhere.ks', 'cannot read the file: /nowhere.ks'],
  ])('refuses %s', (text, reason) => {
    const { status, said } = read(`text\n${text}\n`);
    expect(status).toBe(3);
    expect(said).toContain(reason);
  });

  it('shows no password in a refusal', () => {
    expect(read('rootpw --secret=hunter22\n').said).toBe('unknown option --secret: rootpw ******');
    expect(read('vnc --password=hunter22 --x\n').said).toBe('unknown option --x: vnc --password=******');
  });
});
