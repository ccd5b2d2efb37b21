import { beforeEach, describe, expect, it } from 'vitest';
import { usbWorld, vmOf } from './usb-world.ts';

let w: ReturnType<typeof usbWorld>;
const vm = vmOf('b', 'Running', {
  redirections: [
    { kind: 'unix', path: '/run/r0.sock' },
    { kind: 'tcp', host: '0.0.0.0', port: 4000 },
  ],
});

beforeEach(() => {
  w = usbWorld();
  w.setVm(vm);
});

const ticketOf = async (owner = 'owner'): Promise<string> =>
  (await w.service.createRedirectTicket(vm.uuid, owner)).ticket;

describe('tickets', () => {
  it('are 256 bits, good for 60 s and for one opening', async () => {
    const made = await w.service.createRedirectTicket(vm.uuid, 'owner');
    expect(made).toEqual({
      ticket: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      expiresAt: w.world.now + 60_000,
      protocol: 'usbredir',
    });
    expect(await ticketOf()).not.toBe(made.ticket);
    expect(await w.service.openRedirect(made.ticket)).toMatchObject({
      owner: 'owner',
      vmInstanceUuid: vm.uuid,
    });
    expect(await w.service.openRedirect(made.ticket)).toBeUndefined();
  });

  it('expire, are revoked with their owner, and end with the process', async () => {
    const [late, revoked, kept] = [await ticketOf(), await ticketOf('gone'), await ticketOf()];
    w.service.revokeTickets('gone');
    expect(await w.service.openRedirect(revoked)).toBeUndefined();
    expect(await w.service.openRedirect(kept)).toBeDefined();
    w.world.now += 60_000;
    expect(await w.service.openRedirect(late)).toBeUndefined();
    const last = await ticketOf();
    w.close();
    expect(await w.service.openRedirect(last)).toBeUndefined();
    expect(w.world.streams[0]?.destroyed).toBe(true);
  });

  it('are at most 25 of one owner and 100 in all, until a minute is over', async () => {
    for (let i = 0; i < 25; i += 1) await ticketOf('a');
    await expect(ticketOf('a')).rejects.toThrow('too many tickets');
    for (let i = 0; i < 75; i += 1) await ticketOf(`b${i % 3}`);
    await expect(ticketOf('c')).rejects.toMatchObject({ code: 'refused' });
    w.world.now += 60_000;
    expect(await ticketOf('a')).toHaveLength(64);
  });
});

describe('channels', () => {
  it('are given one client each, and freed when it goes', async () => {
    const [one, two, three, four] = [await ticketOf(), await ticketOf(), await ticketOf(), await ticketOf()];
    const opened = await Promise.all([w.service.openRedirect(one), w.service.openRedirect(two)]);
    expect(w.world.targets).toEqual([{ socketPath: '/run/r0.sock' }, { host: '127.0.0.1', port: 4000 }]);
    await expect(w.service.openRedirect(three)).rejects.toThrow('all 2 USB redirect channels');
    await expect(ticketOf()).rejects.toThrow('close one of them first');
    opened[0]?.stream.destroy();
    await new Promise(setImmediate);
    expect(await w.service.openRedirect(four)).toBeDefined();
    expect(w.world.targets[2]).toEqual({ socketPath: '/run/r0.sock' });
  });

  it('go through the SPICE port for spicevmc, as often as a viewer likes', async () => {
    const graphics = [
      { kind: 'spice' as const, listen: '::', port: 5900, tlsPort: undefined, socket: undefined },
    ];
    w.setVm(vmOf('b', 'Running', { redirections: [{ kind: 'spicevmc' }], graphics }));
    const tickets = [
      await w.service.createRedirectTicket(vm.uuid, 'o'),
      await w.service.createRedirectTicket(vm.uuid, 'o'),
    ];
    for (const { ticket, protocol } of tickets) {
      expect(protocol).toBe('spice');
      expect(await w.service.openRedirect(ticket)).toMatchObject({ protocol: 'spice' });
    }
    expect(w.world.targets).toEqual(Array.from({ length: 2 }, () => ({ host: '::1', port: 5900 })));
  });

  it.each([
    ['a stopped VM', vmOf('b', 'Stopped'), 'start it first'],
    ['a VM without redirect', vmOf('b', 'Running'), 'SetVmUsbRedirect'],
    [
      'spicevmc without a port',
      vmOf('b', 'Running', { redirections: [{ kind: 'spicevmc' }] }),
      'no SPICE port',
    ],
  ])('get no ticket for %s', async (_what, wrong, text) => {
    w.setVm(wrong);
    await expect(ticketOf()).rejects.toThrow(text);
  });

  it('that do not answer are told as such, and are free again', async () => {
    const [one, two] = [await ticketOf(), await ticketOf()];
    w.world.refuses = true;
    await expect(w.service.openRedirect(one)).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('cannot be reached: connection refused') as string,
    });
    w.world.refuses = false;
    await w.service.openRedirect(two);
    expect(w.world.targets).toEqual([{ socketPath: '/run/r0.sock' }]);
  });

  it('are not opened when the VM stopped or changed its protocol meanwhile', async () => {
    const [one, two] = [await ticketOf(), await ticketOf()];
    w.setVm(vmOf('b', 'Stopped'));
    await expect(w.service.openRedirect(one)).rejects.toThrow('start it first');
    const graphics = [
      { kind: 'spice' as const, listen: undefined, port: 5900, tlsPort: undefined, socket: undefined },
    ];
    w.setVm(vmOf('b', 'Running', { redirections: [{ kind: 'spicevmc' }], graphics }));
    await expect(w.service.openRedirect(two)).rejects.toThrow('take a new ticket');
    expect(w.world.targets).toEqual([]);
  });
});
