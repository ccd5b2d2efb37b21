import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { connectBmc } from '../../src/ipmi/index.ts';
import { faultsOf } from '../support/faults.ts';
import { fakeLab } from '../support/fake-lab.ts';
import { flipBit } from '../support/flip.ts';
import { ipmiErrorOf } from '../support/ipmi-deps.ts';

const deviceIdReply = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const statusOn = Uint8Array.of(0x01, 0x00, 0x00, 0x00);
const wellBehaved = ({ netFn, cmd }: { netFn: number; cmd: number }) => {
  if (netFn === 6 && cmd === 0x01) return { completionCode: 0, data: deviceIdReply };
  if (netFn === 0 && cmd === 0x01) return { completionCode: 0, data: statusOn };
  return { completionCode: 0 };
};

describe('login', () => {
  it('works with the longest credentials that IPMI 2.0 allows', async () => {
    const username = '\u00fc23456789012345';
    const password = 'twenty bytes: p\u00e4ssw';
    expect([Buffer.byteLength(username), Buffer.byteLength(password)]).toEqual([16, 20]);
    const lab = fakeLab({ username, password, onCommand: wellBehaved });
    const client = await lab.connect();
    expect((await lab.time.settle(client.deviceId())).manufacturerId).toBe(0x157);
    await lab.time.settle(client.close());
    expect(lab.bmc.openSessions()).toBe(0);
    expect(lab.sockets()).toBe(0);
  });

  it('sends no proof of the password to a BMC that has not proven it', async () => {
    const lab = fakeLab({ lie: 'rakp2' });
    const error = await ipmiErrorOf(lab.connect());
    expect(error).toMatchObject({ code: 'auth-failed', data: { rakpStatus: 0x0f } });
    await lab.time.pass(10);
    expect(lab.bmc.rakp3).toEqual([{ status: 0x0f, hasAuthCode: false, genuine: false }]);
    expect(lab.bmc.openSessions()).toBe(0);
    expect(lab.sockets()).toBe(0);
  });

  it('does not use a session whose key the BMC has not proven', async () => {
    const lab = fakeLab({ lie: 'rakp4' });
    expect(await ipmiErrorOf(lab.connect())).toMatchObject({ code: 'bmc-not-genuine' });
    expect(lab.bmc.executed).toEqual([]);
    expect(lab.sockets()).toBe(0);
  });

  it('names the second key when a BMC has one', async () => {
    const error = await ipmiErrorOf(fakeLab({ lie: 'rakp4', keyGSet: true }).connect());
    expect(error.code).toBe('auth-failed');
    expect(error.message).toMatch(/K_G/);
  });

  it.each([
    [{ lie: 'ipmi15' }, 'suite-refused', /1\.5/],
    [{ lie: 'algorithms' }, 'suite-refused', /other algorithms/],
    [{ lie: 'sessionId0' }, 'bad-reply', /id 0/],
    [{ lie: 'privilege' }, 'privilege', /above what this user/],
    [{ refuse: { at: 'open', status: 0x01 } }, 'out-of-sessions', /no free session/],
    [{ refuse: { at: 'open', status: 0x11 } }, 'suite-refused', /switched off/],
    [{ refuse: { at: 'open', status: 0x04 } }, 'suite-refused', /authentication algorithm/],
    [{ refuse: { at: 'rakp2', status: 0x0d } }, 'auth-failed', /does not exist/],
    [{ refuse: { at: 'rakp2', status: 0x0a } }, 'auth-failed', /no right/],
    [{ refuse: { at: 'rakp2', status: 0x77 } }, 'bad-reply', /unknown status/],
    [{ refuse: { at: 'rakp4', status: 0x0f } }, 'auth-failed', /proof of the password/],
  ] as const)('%o is %s', async (options, code, text) => {
    const lab = fakeLab(options);
    const error = await ipmiErrorOf(lab.connect());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain('test-secret');
    await lab.time.pass(10);
    expect(lab.bmc.openSessions()).toBe('lie' in options && options.lie === 'sessionId0' ? 1 : 0);
    expect(lab.sockets()).toBe(0);
  });

  it('gives up after its deadline: unreachable, no-answer, bad-reply', async () => {
    const silent = fakeLab({ wire: () => [] });
    const start = silent.time.clock.now();
    expect((await ipmiErrorOf(silent.connect())).code).toBe('unreachable');
    expect(silent.time.clock.now() - start).toBe(15_000);
    expect(silent.sent.length).toBe(6);

    const deafAfterOpen = fakeLab({ meddle: (answer) => (answer[5] === 0x13 ? [] : [answer]) });
    expect((await ipmiErrorOf(deafAfterOpen.connect())).code).toBe('no-answer');
    await deafAfterOpen.time.pass(10);
    expect(deafAfterOpen.bmc.openSessions()).toBe(0);

    const deafAfterRakp3 = fakeLab({ meddle: (answer) => (answer[5] === 0x15 ? [] : [answer]) });
    expect((await ipmiErrorOf(deafAfterRakp3.connect())).code).toBe('no-answer');
    await deafAfterRakp3.time.pass(10);
    expect(deafAfterRakp3.bmc.openSessions()).toBe(0);

    const cut = fakeLab({ meddle: (answer) => [answer.subarray(0, -3)] });
    expect((await ipmiErrorOf(cut.connect())).code).toBe('bad-reply');
  });

  it('starts again with new numbers when a BMC forgets a login half way', async () => {
    let rakp2 = 0;
    const lab = fakeLab({
      onCommand: wellBehaved,
      meddle: (answer) => (answer[5] === 0x13 && ++rakp2 <= 3 ? [] : [answer]),
    });
    const client = await lab.connect();
    const opens = lab.sent.filter((datagram) => datagram[5] === 0x10).map(toHex);
    expect(opens.length).toBe(2);
    expect(new Set(opens).size).toBe(2);
    await lab.time.settle(client.close());
    expect(lab.bmc.openSessions()).toBe(0);
  });

  it('ignores datagrams from elsewhere', async () => {
    const lab = fakeLab({ onCommand: wellBehaved });
    const deps: typeof lab.deps = {
      ...lab.deps,
      openUdp: (bind, receive) =>
        lab.deps.openUdp(bind, (datagram, from) => receive(datagram, { ...from, port: from.port + 1 })),
    };
    expect((await ipmiErrorOf(lab.time.settle(connectBmc(lab.target, deps)))).code).toBe('unreachable');
  });

  it('turns errors of the socket into "unreachable"', async () => {
    const lab = fakeLab();
    const fails = async (): Promise<never> => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    const noSocket = { ...lab.deps, openUdp: fails };
    expect((await ipmiErrorOf(connectBmc(lab.target, noSocket))).code).toBe('unreachable');
    const noSend: typeof lab.deps = {
      ...lab.deps,
      openUdp: async (bind, receive) => ({ ...(await lab.deps.openUdp(bind, receive)), send: fails }),
    };
    const error = await ipmiErrorOf(lab.time.settle(connectBmc(lab.target, noSend)));
    expect(error.code).toBe('unreachable');
    expect(error.message).toMatch(/ECONNREFUSED/);
    expect(lab.sockets()).toBe(0);
  });
});

describe('a session', () => {
  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'does its work over a wire that loses 30 of 100, seed %i',
    async (seed) => {
      const plan = faultsOf({ seed, loss: 0.3, duplicate: 0.2, maxDelayMs: 700 });
      const lab = fakeLab({ seed, onCommand: wellBehaved, wire: () => plan() });
      const client = await lab.connect({}, { deadlineMs: 60_000 });
      for (let i = 0; i < 5; i++) {
        expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
        expect((await lab.time.settle(client.chassisStatus())).powerOn).toBe(true);
      }
      await lab.time.settle(client.close());
      expect(lab.sockets()).toBe(0);
    },
  );

  it('takes each answer once, and only its own', async () => {
    const lab = fakeLab({ onCommand: wellBehaved, meddle: (answer) => [answer, answer, answer] });
    const client = await lab.connect();
    for (let i = 0; i < 100; i++) expect((await lab.time.settle(client.deviceId())).deviceId).toBe(0x20);
    expect(lab.bmc.executed.length).toBe(100);
  });

  it('repeats a read with a new session sequence and the same bytes of the command', async () => {
    let replies = 0;
    const lab = fakeLab({
      onCommand: wellBehaved,
      meddle: (answer) => (answer[5] === 0xc0 && ++replies === 2 ? [] : [answer]),
    });
    const client = await lab.connect();
    await lab.time.settle(client.deviceId());
    expect(lab.bmc.executed).toEqual(['6/1', '6/1']);
  });

  it('drops forged answers; when nothing else comes, says so', async () => {
    const lab = fakeLab({ lie: 'session', onCommand: wellBehaved });
    const client = await lab.connect();
    const error = await ipmiErrorOf(lab.time.settle(client.deviceId()));
    expect(error.code).toBe('bmc-not-genuine');
    expect((await ipmiErrorOf(client.deviceId())).code).toBe('closed');
  });

  it('survives forged, foreign and unauthenticated datagrams before the genuine answer', async () => {
    const lab = fakeLab({
      onCommand: wellBehaved,
      meddle: (answer) => {
        if (answer[5] !== 0xc0) return [answer];
        const naked = answer.slice();
        naked[5] = 0x00;
        return [new Uint8Array(), answer.subarray(0, 20), flipBit(answer, -1), naked, answer];
      },
    });
    const client = await lab.connect();
    expect((await lab.time.settle(client.deviceId())).deviceId).toBe(0x20);
  });

  it.each([
    [0xc0, 'busy'],
    [0xd4, 'privilege'],
    [0xc1, 'command-failed'],
    [0xd5, 'command-failed'],
    [0x99, 'command-failed'],
  ] as const)('completion code %i is %s', async (completionCode, code) => {
    const lab = fakeLab({ onCommand: () => ({ completionCode }) });
    const client = await lab.connect();
    const error = await ipmiErrorOf(lab.time.settle(client.deviceId()));
    expect(error).toMatchObject({ code, data: { completionCode } });
    expect(error.message).toMatch(/^Get Device ID: /);
  });

  it('asks again when the BMC knows a repetition but kept no answer to it', async () => {
    let asked = 0;
    const lab = fakeLab({
      onCommand: (request) => (++asked === 1 ? { completionCode: 0xcf } : wellBehaved(request)),
    });
    const client = await lab.connect();
    expect((await lab.time.settle(client.deviceId())).deviceId).toBe(0x20);
  });

  it('calls a reply that is cut short malformed', async () => {
    const lab = fakeLab({ onCommand: () => ({ completionCode: 0, data: deviceIdReply.subarray(0, 4) }) });
    const client = await lab.connect();
    expect((await ipmiErrorOf(lab.time.settle(client.deviceId()))).code).toBe('bad-reply');
    expect((await ipmiErrorOf(lab.time.settle(client.systemGuid()))).code).toBe('bad-reply');
    expect((await lab.time.settle(client.chassisStatus())).powerOn).toBe(false);
  });
});
