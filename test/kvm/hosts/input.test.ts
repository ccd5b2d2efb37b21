import { expect, it } from 'vitest';
import { checkManagementIp, checkSshPort, checkUsername } from '../../../src/kvm/hosts/input.ts';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  [' KVM1.Example ', 'kvm1.example'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['rack-7', 'rack-7'],
])('takes %s as an address', (value, kept) => {
  expect(checkManagementIp(value)).toBe(kept);
});

it.each([
  '',
  '192.0.2.256',
  '1.2.3',
  '-x',
  'a..b',
  'fe80::1%eth0',
  'a b',
  'x'.repeat(64),
  '$(id)',
  '192.0.2.1\n5',
])('refuses %j as an address', (value) => {
  expect(() => checkManagementIp(value)).toThrow('managementIp');
});

it('takes ports and names of accounts in their bounds', () => {
  expect(checkSshPort(undefined)).toBe(22);
  expect(checkSshPort(65_535)).toBe(65_535);
  for (const port of [0, 65_536, 1.5, Number.NaN]) expect(() => checkSshPort(port)).toThrow('sshPort');
  expect(checkUsername('ops@corp')).toBe('ops@corp');
  for (const name of ['', '-l', 'a b', 'a:b', 'a/b', 'a\u0000'])
    expect(() => checkUsername(name)).toThrow('username');
});
