import { describe, expect, it } from 'vitest';
import { findingsOf, readLoginFacts } from '../../../src/ipmi/index.ts';
import { fakeLab } from '../../support/fake-lab.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

const read = (lab: ReturnType<typeof fakeLab>) => lab.time.settle(readLoginFacts(lab.target, lab.deps));

describe('what a BMC tells everybody', () => {
  it('is read without a login', async () => {
    const lab = fakeLab({ listed: [0, 3, 17], keyGSet: true });
    const facts = await read(lab);
    expect(facts).toMatchObject({ kgSet: true, supportsIpmi20: true, cipherSuites: [0, 3, 17] });
    expect(findingsOf(facts)).toEqual(['no-password-suite', 'no-password-auth']);
    expect(lab.bmc.openSessions()).toBe(0);
    expect(lab.sent.some((datagram) => datagram[4] === 6)).toBe(false);
    expect(lab.sockets()).toBe(0);
  });

  it('is less when it does not list its suites', async () => {
    for (const listed of ['refused', 'silent'] as const)
      expect(await read(fakeLab({ listed }))).toMatchObject({ kgSet: false, cipherSuites: undefined });
  });

  it('may be that it speaks IPMI 1.5 only', async () => {
    expect(await read(fakeLab({ lie: 'ipmi15' }))).toMatchObject({
      supportsIpmi20: false,
      supportsIpmi15: true,
    });
  });

  it('is nothing when it is silent or sends rubbish', async () => {
    const silent = fakeLab({ wire: () => [] });
    expect((await ipmiErrorOf(read(silent))).code).toBe('unreachable');
    expect(silent.sockets()).toBe(0);
    const rubbish = fakeLab({ meddle: (answer) => [answer.subarray(0, -4)] });
    expect((await ipmiErrorOf(read(rubbish))).code).toBe('bad-reply');
  });
});
