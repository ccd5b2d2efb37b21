import { expect, it } from 'vitest';
import { FaultError, parseFaults } from '../../hardware-lab/bmc-sim/faults.ts';

it('reads faults from a command line', () => {
  expect(parseFaults('')).toEqual({});
  expect(parseFaults('loss=0.25,busy=3,hang,power=says-on,wrongSession')).toEqual({
    loss: 0.25,
    busy: 3,
    hang: true,
    power: 'says-on',
    wrongSession: 1,
  });
  expect(parseFaults('hang=false')).toEqual({ hang: false });
});

it.each(['los=1', 'loss=2', 'loss=-1', 'loss=x', 'hang=maybe', 'power', 'power=strange', 'constructor=1'])(
  'refuses %s',
  (text) => {
    expect(() => parseFaults(text)).toThrow(FaultError);
  },
);
