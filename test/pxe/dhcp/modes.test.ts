import { describe, expect, it } from 'vitest';
import type { Mac } from '../../../src/base/mac.ts';
import { boot, ip, mac, optionText, otherMac, scriptUrl, server, serverUuid } from './client.ts';
import { start } from './harness.ts';

const rom = {
  60: 'PXEClient:Arch:00000:UNDI:002001',
  93: [0, 0],
  97: [0, ...Array.from({ length: 16 }, () => 5)],
};
const ipxe = { ...rom, 77: 'iPXE', 175: [0x13, 1, 1, 0x18, 1, 1] };
const http = { 60: 'HTTPClient:Arch:00016', 93: [0, 16] };
const loaders = {
  loaderFor: () => 'undionly.kpxe',
  httpLoaderUrl: () => 'http://192.0.2.1:8081/loader/snponly.efi',
};

describe('observing', () => {
  it('answers nobody and tells everything', async () => {
    const s = await start({ mode: 'observe' });
    await s.say({ type: 'discover' });
    await s.say({ type: 'request', requested: '192.0.2.100', serverId: server });
    await s.say({ type: 'request', requested: '192.0.2.9', serverId: '192.0.2.7' });
    await s.say({ type: 'inform', ciaddr: '192.0.2.9' });
    await s.say({ type: 'decline', requested: '192.0.2.100' });
    expect(s.sent).toEqual([]);
    expect(s.leases.commits).toEqual([]);
    expect(s.events.filter((e) => e.kind === 'dhcp')).toHaveLength(5);
    expect(s.events).toContainEqual({ kind: 'dhcp-other-server', serverUuid, mac, otherServer: '192.0.2.7' });
    expect(s.reasons()).toContain('this server only observes');
  });

  it('ends when the settings say so', async () => {
    const s = await start({ mode: 'observe' });
    s.handle.update({ mode: 'serve' });
    await s.say({ type: 'discover' });
    expect(s.types()).toEqual([2]);
  });
});

describe('proxyDHCP', () => {
  const proxied = async () => {
    const s = await start({ mode: 'proxy' }, loaders);
    s.state.decision = boot;
    return s;
  };

  it('offers a boot file and no address, as PXE 2.1 §2.2.3 has it', async () => {
    const s = await proxied();
    await s.say({ type: 'discover', options: rom });
    expect(s.bound.map(({ port }) => port)).toEqual([67, 4011]);
    const [offer] = s.sent;
    expect(offer).toMatchObject({ to: '255.255.255.255:68', from: 67 });
    expect(offer?.packet).toMatchObject({ yiaddr: '0.0.0.0', siaddr: server, file: 'undionly.kpxe' });
    expect(offer && optionText(offer.packet, 60)).toBe('PXEClient');
    expect(offer?.packet.options.get(97)).toEqual(Uint8Array.from(rom[97]));
    expect(offer?.packet.options.get(43)).toEqual(Uint8Array.of(6, 1, 8, 255));
    for (const option of [1, 3, 6, 28, 51, 58, 59]) expect(offer?.packet.options.has(option)).toBe(false);
  });

  it('answers on port 4011 to the sender, also its odd port', async () => {
    const s = await proxied();
    for (const [type, file] of [
      ['request', 'undionly.kpxe'],
      ['inform', 'undionly.kpxe'],
    ] as const) {
      await s.say({ type, ciaddr: '192.0.2.9', options: rom }, '192.0.2.9', 4011);
      expect(s.sent.at(-1)).toMatchObject({ to: '192.0.2.9:68', from: 4011 });
      expect(s.sent.at(-1)?.packet).toMatchObject({ file, ciaddr: '192.0.2.9', yiaddr: '0.0.0.0' });
      expect(s.types().at(-1)).toBe(5);
    }
    await s.say({ type: 'request', options: ipxe }, '192.0.2.9', 4011);
    expect(s.sent.at(-1)?.packet.file).toBe(scriptUrl);
    expect(s.events.at(-1)).toMatchObject({
      kind: 'dhcp',
      type: 'ack',
      ip: '192.0.2.9',
      bootFile: scriptUrl,
    });
    expect(s.leases.commits).toEqual([]);
  });

  it('gives iPXE its script under the class that iPXE looks for, and HTTP boot its URL', async () => {
    const s = await proxied();
    await s.say({ type: 'discover', options: ipxe });
    await s.say({ type: 'discover', options: http });
    const [script, url] = s.sent.map(({ packet }) => packet);
    expect(script && [script.file, optionText(script, 60)]).toEqual([scriptUrl, 'PXEClient']);
    expect(script?.options.has(175)).toBe(false);
    expect(url && optionText(url, 60)).toBe('HTTPClient');
    expect(url?.file).toBe('http://192.0.2.1:8081/loader/snponly.efi');
  });

  it('leaves everything else to the other server', async () => {
    const s = await proxied();
    await s.say({ type: 'discover' });
    await s.say({ type: 'request', requested: '192.0.2.9', serverId: '192.0.2.7', options: rom });
    await s.say({ type: 'request', requested: '10.0.0.1', options: rom });
    await s.say({ type: 'inform', ciaddr: '192.0.2.9', options: rom });
    await s.say({ type: 'discover', options: rom }, '192.0.2.9', 4011);
    await s.say({ type: 'request', options: http }, '192.0.2.9', 4011);
    await s.say({ type: 'request' }, '192.0.2.9', 4011);
    expect(s.sent).toEqual([]);
    // The other server is no stranger here.
    expect(s.events.some(({ kind }) => kind === 'dhcp-other-server')).toBe(false);
  });

  it('sends nothing to addresses that no client here has', async () => {
    const s = await proxied();
    await s.say({ type: 'request', options: rom }, '203.0.113.9', 4011);
    await s.say({ type: 'request', ciaddr: '192.0.2.50', options: rom }, '192.0.2.9', 4011);
    expect(s.sent).toEqual([]);
    expect(s.reasons().every((reason) => reason.startsWith('asks the proxy port from '))).toBe(true);
  });

  it('opens and closes its port with the settings, and reports one that is taken', async () => {
    const s = await start();
    s.handle.update({ mode: 'proxy' });
    await s.settle();
    expect([...s.open.keys()]).toEqual([67, 4011]);
    s.handle.update({ mode: 'serve' });
    await s.settle();
    expect([...s.open.keys()]).toEqual([67]);
    s.handle.update({ mode: 'proxy' });
    await s.handle.close();
    expect([...s.open.keys()]).toEqual([]);

    const real = await start();
    expect(real.errors).toEqual([]);
    const refusing = start(
      { mode: 'proxy' },
      {
        openUdp: ({ port }) =>
          port === 67
            ? Promise.resolve({
                local: { address: '0.0.0.0', port },
                send: () => Promise.resolve(),
                close: () => Promise.resolve(),
              })
            : Promise.reject(new Error('taken')),
      },
    );
    await expect(refusing).rejects.toThrow('taken');
  });
});

describe('an allow-list', () => {
  it('lets only clients with a reservation in, by MAC or by client id', async () => {
    const s = await start({
      onlyReserved: true,
      reservations: [
        { mac, ip: ip('192.0.2.50') },
        { clientId: '00AB', ip: ip('192.0.2.51') },
      ],
    });
    await s.say({ type: 'discover' });
    await s.say({ type: 'discover', mac: otherMac, options: { 61: [0, 0xab] } });
    await s.say({ type: 'discover', mac: otherMac });
    await s.say({ type: 'request', mac: otherMac, requested: '192.0.2.100', serverId: server });
    expect(s.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.50', '192.0.2.51']);
    expect(s.reasons()).toEqual(['no reservation', 'no reservation']);
  });
});

describe('destinations', () => {
  it('are the new address where the kernel was taught it, and the broadcast flag is clear', async () => {
    const taught: string[] = [];
    const teachNeighbour = (address: string, who: string): boolean => {
      taught.push(`${address} ${who}`);
      return who === mac;
    };
    const s = await start({}, { teachNeighbour });
    await s.say({ type: 'discover' });
    await s.say({ type: 'discover', mac: otherMac });
    await s.say({ type: 'discover', fields: { flags: 0x8000 } });
    await s.say({ type: 'request', requested: '192.0.2.100', serverId: server });
    await s.say({ type: 'request', ciaddr: '192.0.2.100' });
    expect(s.sent.map(({ to }) => to)).toEqual([
      '192.0.2.100:68',
      '255.255.255.255:68',
      '255.255.255.255:68',
      '192.0.2.100:68',
      '192.0.2.100:68',
    ]);
    expect(taught).toEqual([`192.0.2.100 ${mac}`, `192.0.2.101 ${otherMac}`, `192.0.2.100 ${mac}`]);
  });
});

it('our own watch is neither answered nor told', async () => {
  const s = await start({}, { isOwnProbe: (who) => who === mac });
  await s.say({ type: 'discover' });
  expect([s.sent, s.events]).toEqual([[], []]);
});

it('a pool that will be full soon is told once', async () => {
  const s = await start({ rangeEnd: ip('192.0.2.120') });
  const come = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) {
      s.state.now += 1000;
      await s.say({ type: 'discover', mac: `02:00:00:00:00:${n.toString(16).padStart(2, '0')}` as Mac });
    }
  };
  const forecasts = () => s.events.filter(({ kind }) => kind === 'dhcp-pool-forecast');
  await come(0, 7);
  expect(forecasts()).toEqual([]);
  // Eight in a minute, so sixteen more soon; of 21 addresses 14 were free as the eighth asked.
  await come(7, 12);
  expect(forecasts()).toEqual([{ kind: 'dhcp-pool-forecast', serverUuid, free: 14, expected: 16 }]);
  // The same machines again are no newcomers.
  s.state.now += 600_000;
  await come(0, 4);
  expect(forecasts()).toHaveLength(1);
});
