import { describe, expect, it } from 'vitest';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { type Message, message } from './client.ts';
import { start } from './harness.ts';

describe('a refusal', () => {
  const refused: Message = { type: 'request', requested: '10.9.8.7', options: { 61: [1, 2, 3, 4, 5, 6, 7] } };

  it('is no longer than a short request, and still says who refuses', async () => {
    const sizes: number[] = [];
    const s = await start({}, { events: (event) => event.kind === 'dhcp' && sizes.push(event.bytes) });
    // Without the padding that others have: message type, address, client id and end.
    s.raw(message(refused).subarray(0, 240 + 3 + 6 + 9 + 1));
    await s.settle();
    expect(sizes).toEqual([259, 259]);
    expect(s.types()).toEqual([6]);
    const options = s.sent[0]?.packet.options;
    expect([...(options?.get(code.serverId) ?? [])]).toEqual([192, 0, 2, 1]);
    expect(options?.has(code.message)).toBe(false);
    s.raw(message(refused));
    expect(Buffer.from(s.sent[1]?.packet.options.get(code.message) ?? []).toString()).toBe('wrong network');
  });
});
