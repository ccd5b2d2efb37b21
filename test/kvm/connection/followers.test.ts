import { describe, expect, it } from 'vitest';
import { watchersFor } from '../../../src/kvm/connection/followers.ts';
import { connectionWorld } from './world.ts';

async function connected() {
  const world = connectionWorld({ lookEveryMs: 600_000 });
  const host = await world.addHost();
  await world.connections.connect(host);
  expect(world.looks).toHaveLength(1);
  await world.clock.advance(3000);
  return { world, host, shell: world.shell() };
}

describe('lines that count', () => {
  const [virsh, udevadm] = watchersFor('qemu:///system');
  it.each([
    ["event 'lifecycle' for domain 'web': Started Booted", true],
    ["event 'device-removed' for domain 'web': hostdev0", true],
    ["event 'rtc-change' for domain 'web': 3600", false],
    ["event 'balloon-change' for domain 'web': 1048576KiB", false],
    ["event 'lifecycle' for domain 'rtc-change' for domain 'x'", true],
    ['', false],
    ['events received: 12', false],
  ])('%s', (line, isRelevant) => {
    expect(virsh!.isRelevant(line)).toBe(isRelevant);
  });
  it.each([
    ['UDEV  [2114.317] add      /devices/pci0000:00/0000:00:14.0/usb1/1-4 (usb)', true],
    ['UDEV - the event which udev sends out after rule processing', false],
    ['monitor will print the received events for:', false],
  ])('%s', (line, isRelevant) => {
    expect(udevadm!.isRelevant(line)).toBe(isRelevant);
  });
});

describe('a watched host', () => {
  it('is looked at after an event, and not after noise', async () => {
    const { world, shell } = await connected();
    shell.followers.get('virsh')!.line("event 'rtc-change' for domain 'web': 1");
    await world.clock.advance(5000);
    expect(world.looks).toHaveLength(1);
    shell.followers.get('virsh')!.line("event 'lifecycle' for domain 'web': Stopped Shutdown");
    await world.clock.advance(299);
    expect(world.looks).toHaveLength(1);
    await world.clock.advance(10);
    expect(world.looks).toHaveLength(2);
    await world.clock.advance(3000);
    shell.followers.get('udevadm')!.line('UDEV  [1.2] remove   /devices/x (usb)');
    await world.clock.advance(400);
    expect(world.looks).toHaveLength(3);
    await world.connections.close();
  });

  it('is looked at when libvirt is back after a restart', async () => {
    const { world, shell } = await connected();
    const before = shell.followers.get('virsh')!;
    shell.followers.delete('virsh');
    before.ended('error: Disconnected from qemu:///system due to end of file');
    await world.clock.advance(1900);
    expect(shell.followers.has('virsh')).toBe(false);
    await world.clock.advance(200);
    expect(shell.followers.has('virsh')).toBe(true);
    expect(world.looks).toHaveLength(1);
    await world.clock.advance(2000);
    expect(world.looks).toHaveLength(2);
    await world.connections.close();
    expect(shell.followers.size).toBe(0);
  });

  it('works without watchers, and is asked for them less and less often', async () => {
    const world = connectionWorld({ lookEveryMs: 600_000 });
    const host = await world.addHost();
    await world.connections.connect(host);
    const shell = world.shell();
    let tries = 0;
    shell.follow = async (_argv, receive) => {
      tries++;
      queueMicrotask(() => receive.ended('udevadm: not found'));
      return { close: () => undefined };
    };
    for (const receive of shell.followers.values()) receive.ended('not found');
    await world.clock.advance(590_000);
    expect(tries).toBeGreaterThan(4);
    expect(tries).toBeLessThan(40);
    expect(world.looks).toHaveLength(1);
    expect(world.connections.isConnected(host.uuid)).toBe(true);
    expect(world.log.lines.filter((line) => line.includes('does not run'))).toHaveLength(2);
    await world.connections.close();
  });

  it('is looked at now and then without any event', async () => {
    const { world } = await connected();
    await world.clock.advance(1_200_000);
    expect(world.looks).toHaveLength(3);
    await world.connections.close();
    await world.clock.advance(1_200_000);
    expect(world.looks).toHaveLength(3);
  });
});
