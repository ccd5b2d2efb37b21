import { expect, it } from 'vitest';
import { decideRequest, tableName } from '../../../src/pxe/tftp/request.ts';
import { rawAck, rawRequest } from '../../support/tftp-peer.ts';

const files = (name: string): Uint8Array | undefined =>
  name === 'undionly.kpxe' ? Uint8Array.of(1, 2, 3) : undefined;

it.each(['undionly.kpxe', '/undionly.kpxe', '\\undionly.kpxe', '//undionly.kpxe', 'undionly.kpxe\u00ff'])(
  'finds the file asked for as %j',
  (asked) => {
    expect(decideRequest(rawRequest(1, asked), files)).toMatchObject({
      kind: 'serve',
      file: 'undionly.kpxe',
      content: Uint8Array.of(1, 2, 3),
    });
  },
);

it.each([
  '../undionly.kpxe',
  '/etc/passwd',
  'x/../undionly.kpxe',
  'UNDIONLY.KPXE',
  './undionly.kpxe',
  '..\\..\\boot.ini',
  'undionly.kpxe ',
  '/',
])('has no file %j', (asked) => {
  expect(decideRequest(rawRequest(1, asked), files)).toMatchObject({ kind: 'refuse', code: 1 });
});

it('refuses writes with access violation, other modes and malformed requests with illegal operation', () => {
  expect(decideRequest(rawRequest(2, 'undionly.kpxe'), files)).toMatchObject({ kind: 'refuse', code: 2 });
  for (const mode of ['ascii', 'mail', 'image']) {
    expect(decideRequest(rawRequest(1, 'undionly.kpxe', mode), files)).toMatchObject({
      kind: 'refuse',
      code: 4,
      reason: expect.stringContaining('use mode octet') as unknown,
    });
  }
  expect(decideRequest(Uint8Array.of(0, 1, 97), files)).toMatchObject({ kind: 'refuse', code: 4 });
  expect(decideRequest(rawRequest(1, 'undionly.kpxe', 'OcTeT'), files)).toMatchObject({ kind: 'serve' });
});

it('stays silent to everything that is no request', () => {
  for (const bytes of [
    rawAck(0),
    rawAck(1),
    Uint8Array.of(0, 3, 0, 1, 9),
    Uint8Array.of(0, 5, 0, 1, 0),
    Uint8Array.of(0, 6),
    Uint8Array.of(),
    Uint8Array.of(1),
    Uint8Array.of(0xff, 1, 97),
  ]) {
    expect(decideRequest(bytes, files).kind).toBe('ignore');
  }
});

it('shows odd names only in printable form, and not at full length', () => {
  const decision = decideRequest(rawRequest(1, `\u001b[2J\n${'x'.repeat(300)}`), files);
  expect(decision).toMatchObject({ kind: 'refuse', code: 1 });
  const { file, reason } = decision as { file: string; reason: string };
  expect(file).toBe(`?[2J?${'x'.repeat(123)}`);
  expect(reason).toMatch(/^[\x20-\x7e]{1,200}$/);
});

it('takes nothing but slashes in front and 0xff at the end off a name', () => {
  expect(tableName('\\\\boot\\undionly.kpxe')).toBe('boot/undionly.kpxe');
  expect(tableName('a\u00ffb\u00ff\u00ff')).toBe('a\u00ffb');
});

it('translates a file for netascii, once', () => {
  const table = { menu: Uint8Array.of(10) };
  const ask = () =>
    decideRequest(rawRequest(1, 'menu', 'NetASCII'), (name) => (name === 'menu' ? table.menu : undefined));
  const first = ask();
  expect(first).toMatchObject({ kind: 'serve', content: Uint8Array.of(13, 10) });
  expect((ask() as { content: Uint8Array }).content).toBe((first as { content: Uint8Array }).content);
});
