import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { writeBootDevice } from '../../src/ipmi/boot-device.ts';
import { fakeLab } from '../support/fake-lab.ts';
import { ipmiErrorOf } from '../support/ipmi-deps.ts';
import { golden } from './commands/golden.ts';
import { executeOn } from './commands/replay.ts';

/** A board that keeps boot parameters; `codes` answers writes of a parameter with a completion code. */
function board(codes: Readonly<Record<number, number>> = {}, keep = (value: number[]): number[] => value) {
  const parameters = new Map<number, number[]>();
  const writes: string[] = [];
  const lab = fakeLab({
    onCommand({ cmd, data }) {
      const [selector = 0, ...value] = data;
      if (cmd === 0x08) {
        writes.push(`${selector}: ${value.map((byte) => byte.toString(16)).join(' ')}`);
        const completionCode = codes[selector] ?? 0;
        if (completionCode === 0) parameters.set(selector, keep(value));
        return { completionCode };
      }
      const kept = parameters.get(selector) ?? [0, 0, 0, 0, 0];
      return { completionCode: 0, data: Uint8Array.of(1, selector, ...kept) };
    },
  });
  return { lab, writes };
}

describe('boot device', () => {
  it('PXE once by EFI: set in progress, acknowledge, flags, commit, set complete, read-back', async () => {
    const { lab, writes } = board();
    const client = await lab.connect();
    const kept = await lab.time.settle(client.setBootDevice({ device: 'pxe', efi: true, persistent: false }));
    expect(kept).toEqual({ device: 'pxe', efi: true, persistent: false, valid: true });
    expect(writes).toEqual(['0: 1', '4: 1 1', '5: a0 4 0 0 0', '0: 2', '0: 0']);
  });

  it('goes on when the board has no commit', async () => {
    const sent: string[] = [];
    const execute = executeOn((_netFn, cmd, data) => {
      if (cmd === 0x09) return Uint8Array.of(1, 5, 0xa0, 4, 0, 0, 0);
      sent.push(toHex(data));
      return toHex(data) === '0002' ? 0xcc : new Uint8Array();
    });
    const kept = await writeBootDevice(execute, { device: 'pxe', efi: true, persistent: false });
    expect(kept.device).toBe('pxe');
    expect(sent).toEqual(['0001', '040101', '05a004000000', '0002', '0000']);
  });

  it('can ask the board to keep the flags until the machine boots', async () => {
    const sent: string[] = [];
    const execute = executeOn((_netFn, cmd, data) => {
      if (cmd === 0x09) return Uint8Array.of(1, 5, 0xa0, 4, 0, 0, 0);
      sent.push(toHex(data));
      return data[0] === 0x03 ? 0x80 : new Uint8Array();
    });
    await writeBootDevice(execute, { device: 'pxe', efi: true, persistent: false, keepUntilBoot: true });
    // Parameter 3: not cleared by power button, reset button and timeout. Before the flags, as the timeout starts with them.
    expect(sent).toEqual(['0001', '040101', '030b', '05a004000000', '0002', '0000']);
  });

  it('writes what ipmitool writes', async () => {
    const sent: string[] = [];
    const execute = executeOn((_netFn, cmd, data) => {
      if (cmd === 0x09) return Uint8Array.of(1, 5, 0xa0, 4, 0, 0, 0);
      sent.push(toHex(data));
      return new Uint8Array();
    });
    await writeBootDevice(execute, { device: 'pxe', efi: true, persistent: false });
    const captured = golden('own-bootdev').exchanges.filter(
      ({ netFn, cmd }) => netFn === 0x00 && cmd === 0x08,
    );
    expect(sent).toEqual(captured.map(({ request }) => request));
  });

  it.each([
    [{ device: 'disk', efi: false, persistent: true }, '5: c0 8 0 0 0'],
    [{ device: 'none', efi: false, persistent: false }, '5: 80 0 0 0 0'],
    [{ device: 'pxe', efi: false, persistent: false }, '5: 80 4 0 0 0'],
  ] as const)('%o writes %s', async (wish, write) => {
    const { lab, writes } = board();
    const client = await lab.connect();
    expect(await lab.time.settle(client.setBootDevice(wish))).toEqual({ ...wish, valid: true });
    expect(writes).toContain(write);
  });

  it.each([0x80, 0x81, 0xcc, 0xc9, 0xc1])(
    'goes on when parameters 0 and 4 are refused with %i',
    async (code) => {
      const { lab, writes } = board({ 0: code, 4: code });
      const client = await lab.connect();
      const kept = await lab.time.settle(
        client.setBootDevice({ device: 'pxe', efi: true, persistent: false }),
      );
      expect(kept.device).toBe('pxe');
      expect(writes).toEqual(['0: 1', '4: 1 1', '5: a0 4 0 0 0']);
    },
  );

  it('a refused parameter 5 is an error, and the set is completed all the same', async () => {
    const { lab, writes } = board({ 5: 0x80 });
    const client = await lab.connect();
    const wish = { device: 'pxe', efi: true, persistent: false } as const;
    const error = await ipmiErrorOf(lab.time.settle(client.setBootDevice(wish)));
    expect(error).toMatchObject({ code: 'command-failed', data: { completionCode: 0x80 } });
    expect(error.message).toMatch(/does not support this boot parameter/);
    expect(writes.at(-1)).toBe('0: 0');
  });

  it('no right to set boot options is no refusal to be tolerated', async () => {
    const { lab, writes } = board({ 0: 0xd4 });
    const client = await lab.connect();
    const wish = { device: 'pxe', efi: true, persistent: false } as const;
    expect((await ipmiErrorOf(lab.time.settle(client.setBootDevice(wish)))).code).toBe('privilege');
    expect(writes).toEqual(['0: 1']);
  });

  it('tells what a board kept, not what was wished', async () => {
    const { lab } = board({}, ([flags = 0, ...more]) => [flags & ~0x20, ...more]);
    const client = await lab.connect();
    const kept = await lab.time.settle(client.setBootDevice({ device: 'pxe', efi: true, persistent: false }));
    expect(kept).toEqual({ device: 'pxe', efi: false, persistent: false, valid: true });
  });

  it('a parameter that is marked invalid is not valid; other devices have names', async () => {
    const answers = [
      [1, 0x85, 0x80, 0x04, 0, 0, 0],
      [1, 5, 0x80, 0x14, 0, 0, 0],
      [1, 5, 0x80, 0x18, 0, 0, 0],
      [1, 5, 0x80, 0x3c, 0, 0, 0],
      [1, 6, 0x80, 0x04, 0, 0, 0],
      [1, 5, 0x80],
    ];
    const lab = fakeLab({
      onCommand: () => ({ completionCode: 0, data: Uint8Array.from(answers.shift() ?? []) }),
    });
    const client = await lab.connect();
    expect(await lab.time.settle(client.bootDevice())).toMatchObject({ device: 'pxe', valid: false });
    for (const device of ['cdrom', 'bios-setup', 'other'])
      expect(await lab.time.settle(client.bootDevice())).toMatchObject({ device, valid: true });
    expect((await ipmiErrorOf(lab.time.settle(client.bootDevice()))).code).toBe('bad-reply');
    expect((await ipmiErrorOf(lab.time.settle(client.bootDevice()))).code).toBe('bad-reply');
  });
});
