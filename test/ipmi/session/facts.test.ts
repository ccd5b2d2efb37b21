import { expect, it } from 'vitest';
import { getChannelAuthCapabilities } from '../../../src/ipmi/commands/app/get-channel-auth-capabilities.ts';
import { factsOf, findingsOf } from '../../../src/ipmi/session/facts.ts';

const reply = (types: number, status: number, versions: number) =>
  factsOf(getChannelAuthCapabilities.decodeReply(Uint8Array.of(1, types, status, versions, 0, 0, 0, 0)));

it('reads each bit of the capabilities. IPMI 2.0 §22.13, table 22-16', () => {
  expect(reply(0x80 | 0x37, 0x3f, 3)).toEqual({
    supportsIpmi15: true,
    supportsIpmi20: true,
    kgSet: true,
    authTypes: ['none', 'md2', 'md5', 'straight', 'oem'],
    perMessageAuthOff: true,
    userLevelAuthOff: true,
    namedUsers: true,
    nullUser: true,
    anonymousLogin: true,
    cipherSuites: undefined,
  });
  expect(reply(0x80 | 0x04, 0x04, 2)).toMatchObject({
    supportsIpmi15: false,
    authTypes: ['md5'],
    kgSet: false,
    perMessageAuthOff: false,
    nullUser: false,
  });
  expect(reply(0x04, 0x04, 0)).toMatchObject({ supportsIpmi15: true, supportsIpmi20: false });
});

it('names what is open to everybody', () => {
  expect(findingsOf(reply(0x84, 0x04, 3))).toEqual([]);
  expect(findingsOf({ ...reply(0x84, 0x04, 3), cipherSuites: [0, 3, 17] })).toEqual(['no-password-suite']);
  expect(findingsOf(reply(0x85, 0x07, 3))).toEqual(['anonymous-login', 'no-password-auth', 'null-user']);
  expect(findingsOf(reply(0x85, 0x04, 2))).toEqual([]);
});
