import { expect, it } from 'vitest';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import { afterLook, type KnownServers } from '../../../src/pxe/watch/known-servers.ts';

const a = '192.0.2.66' as Ipv4;
const b = '192.0.2.67' as Ipv4;

it('tells a server when it appears, and as gone after two looks without it', () => {
  let known: KnownServers = new Map();
  const look = (...seen: Ipv4[]) => {
    const { appeared, gone, known: next } = afterLook(known, seen);
    known = next;
    return { appeared, gone };
  };
  expect(look()).toEqual({ appeared: [], gone: [] });
  expect(look(a, a)).toEqual({ appeared: [a], gone: [] });
  expect(look(a, b)).toEqual({ appeared: [b], gone: [] });
  // One lost answer is no news, whichever look it is.
  expect(look(b)).toEqual({ appeared: [], gone: [] });
  expect(look(a)).toEqual({ appeared: [], gone: [] });
  expect(look(b)).toEqual({ appeared: [], gone: [] });
  expect(look(b)).toEqual({ appeared: [], gone: [a] });
  expect(look(a, b)).toEqual({ appeared: [a], gone: [] });
});
