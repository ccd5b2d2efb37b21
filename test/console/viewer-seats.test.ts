import { expect, it } from 'vitest';
import type { ConsoleSubject } from '../../src/console/ports.ts';
import { createSeats } from '../../src/console/viewer/seats.ts';
import { uuid } from '../support/records.ts';
import { caller } from './viewer-world.ts';

const machine = (): ConsoleSubject => ({ kind: 'vm', uuid: uuid(), name: 'a vm' });

it('one account cannot take all, at however many machines', () => {
  const seats = createSeats({ ofMachine: 2, ofAccount: 3, inAll: 100 });
  const [greedy, other] = [caller(), caller()];
  const taken = Array.from({ length: 3 }, () =>
    seats.take({ caller: { ...greedy, sessionUuid: uuid() }, subject: machine(), viewOnly: false }),
  );
  expect(() => seats.check(machine(), greedy.accountUuid)).toThrow('this account has 3 consoles');
  const more = { caller: greedy, subject: machine(), viewOnly: true };
  expect(() => seats.take(more)).toThrow('this account has 3 consoles');
  expect(() => seats.take({ ...more, caller: other })).not.toThrow();
  taken[0]?.leave();
  expect(() => seats.take(more)).not.toThrow();
});
