import { expect, it } from 'vitest';
import { interfaceAddresses } from '../../src/net/interfaces.ts';

it('knows the loopback interface', () => {
  expect(interfaceAddresses('lo')).toContainEqual({
    name: 'lo',
    address: '127.0.0.1',
    netmask: '255.0.0.0',
  });
});

it('has nothing for an interface that is not there', () => {
  expect(interfaceAddresses('nope0')).toEqual([]);
});

it('lists IPv4 addresses of every interface without a name', () => {
  const all = interfaceAddresses();
  expect(all.length).toBeGreaterThan(0);
  expect(all.every(({ address }) => /^\d+\.\d+\.\d+\.\d+$/.test(address))).toBe(true);
});
