import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConsoleError } from '../../src/console/errors.ts';
import { createTickets, linkLifeMs, ticketLimits, type TicketHolder } from '../../src/console/tickets.ts';
import { uuid } from '../support/records.ts';
import { caller, manualClock } from './viewer-world.ts';

const holder = (over: Parameters<typeof caller>[0] = {}): TicketHolder => ({
  caller: caller(over),
  subject: { kind: 'chassis', uuid: uuid(), name: 'c' },
  viewOnly: false,
});

function world() {
  const { clock, pass } = manualClock();
  return { tickets: createTickets({ clock, random: randomBytes }), pass };
}

describe('tickets', () => {
  it('open what they were made for, once', () => {
    const { tickets } = world();
    const own = holder();
    const { ticket } = tickets.issue('console', own, linkLifeMs);
    expect(ticket).toMatch(/^[0-9a-f]{64}$/);
    expect(tickets.take('screen', ticket)).toBeUndefined();
    expect(tickets.take('console', ticket)).toBe(own);
    expect(tickets.take('console', ticket)).toBeUndefined();
  });

  it('expire to the millisecond', () => {
    const { tickets, pass } = world();
    const [early, late] = [1, 2].map(() => tickets.issue('screen', holder(), 30_000).ticket);
    pass(29_999);
    expect(tickets.take('screen', early ?? '')).toBeDefined();
    pass(1);
    expect(tickets.take('screen', late ?? '')).toBeUndefined();
  });

  it('are limited for an account and in all, and room comes back with time', () => {
    const { tickets, pass } = world();
    const greedy = holder();
    for (let n = 0; n < ticketLimits.ofAccount; n += 1) tickets.issue('console', greedy, linkLifeMs);
    expect(() => tickets.issue('screen', greedy, 30_000)).toThrow(ConsoleError);
    const others = ticketLimits.inAll - ticketLimits.ofAccount;
    for (let n = 0; n < others; n += 1) tickets.issue('console', holder(), linkLifeMs);
    expect(() => tickets.issue('console', holder(), linkLifeMs)).toThrow(/too many console links/);
    pass(linkLifeMs);
    expect(tickets.issue('console', greedy, linkLifeMs).ticket).toHaveLength(64);
  });

  it('are worthless once their session or account is revoked, and only those', () => {
    const { tickets } = world();
    const [own, other] = [holder(), holder()];
    const a = tickets.issue('console', own, linkLifeMs).ticket;
    const b = tickets.issue('console', other, linkLifeMs).ticket;
    tickets.revoke(({ caller: one }) => one.sessionUuid === own.caller.sessionUuid);
    expect([tickets.take('console', a), tickets.take('console', b)]).toEqual([undefined, other]);
  });
});

describe('tickets for coming back', () => {
  it('do not age while the viewer is there, and live ten minutes from when it left', () => {
    const { tickets, pass } = world();
    const [kept, missed] = [1, 2].map(() => tickets.resume(holder(), () => {}));
    pass(86_400_000);
    kept?.leave();
    missed?.leave();
    pass(599_999);
    expect(tickets.take('console', kept?.ticket ?? '')).toBeDefined();
    pass(1);
    expect(tickets.take('console', missed?.ticket ?? '')).toBeUndefined();
  });

  it('tell the viewer that they replace, once', () => {
    const { tickets } = world();
    let told = 0;
    const resume = tickets.resume(holder(), () => (told += 1));
    expect(tickets.take('console', resume.ticket)).toBeDefined();
    resume.leave();
    expect([told, tickets.take('console', resume.ticket)]).toEqual([1, undefined]);
  });

  it('do not take the room of links; of those who left, the oldest goes', () => {
    const { tickets } = world();
    const own = holder();
    const all = Array.from({ length: ticketLimits.ofAccount + 1 }, () => tickets.resume(own, () => {}));
    expect(tickets.issue('console', own, linkLifeMs).ticket).toHaveLength(64);
    for (const one of all) one.leave();
    const good = all.filter(({ ticket }) => tickets.take('console', ticket) !== undefined);
    expect([good.length, good.includes(all[0] as (typeof all)[0])]).toEqual([ticketLimits.ofAccount, false]);
  });
});
