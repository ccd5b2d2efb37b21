import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDateFormat, renderInventory } from '../../src/api/zstack/envelope.ts';

const style = { formatDate: createDateFormat('UTC'), revealSecrets: false };

it.each([
  ['UTC', Date.UTC(2017, 10, 14, 22, 20, 57), 'Nov 14, 2017 10:20:57 PM'],
  ['UTC', Date.UTC(2017, 0, 1, 0, 5, 9), 'Jan 1, 2017 12:05:09 AM'],
  ['UTC', Date.UTC(2017, 0, 1, 12, 0, 0), 'Jan 1, 2017 12:00:00 PM'],
  ['Asia/Shanghai', Date.UTC(2017, 3, 24, 19, 11, 5), 'Apr 25, 2017 3:11:05 AM'],
  ['America/New_York', Date.UTC(2024, 6, 4, 4, 0, 0), 'Jul 4, 2024 12:00:00 AM'],
  ['UTC', 0, 'Jan 1, 1970 12:00:00 AM'],
])('writes dates as the product does: %s %i', (zone, time, text) => {
  expect(createDateFormat(zone)(time)).toBe(text);
});

it('is read back by the plain JavaScript Date, as JS clients do', () => {
  const time = Date.UTC(2026, 1, 3, 16, 5, 6);
  expect(Date.parse(`${style.formatDate(time)} UTC`)).toBe(time);
});

it('leaves out what is absent, formats dates at every depth and hides secrets', () => {
  const row = {
    uuid: 'u',
    description: null,
    gone: undefined,
    createDate: 0,
    update: 7,
    ipmiPassword: 'clear by mistake',
    nicCfgs: [{ mac: 'm', ip: null, pxe: false, lastOpDate: 1000 }],
  };
  expect(renderInventory(row, style)).toEqual({
    uuid: 'u',
    createDate: 'Jan 1, 1970 12:00:00 AM',
    update: 7,
    ipmiPassword: '******',
    nicCfgs: [{ mac: 'm', pxe: false, lastOpDate: 'Jan 1, 1970 12:00:01 AM' }],
  });
  expect(renderInventory(row, { ...style, revealSecrets: true })).toMatchObject({
    ipmiPassword: 'clear by mistake',
  });
});

it('formats any time as Intl does, whatever was asked before', () => {
  const zones = ['UTC', 'Asia/Kolkata', 'America/New_York', 'Africa/Monrovia', 'Australia/Lord_Howe'];
  const time = fc.integer({ min: Date.UTC(1969, 0), max: Date.UTC(2060, 0) });
  for (const zone of zones) {
    const format = createDateFormat(zone);
    const intl = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      dateStyle: 'medium',
      timeStyle: 'medium',
    });
    fc.assert(
      fc.property(fc.array(time, { maxLength: 5 }), (times) => {
        for (const one of times.flatMap((first) => [first, first + 1000, first - 1])) {
          expect(format(one)).toBe(
            intl
              .format(one)
              .replaceAll(/[\u202f\u00a0]/g, ' ')
              .replace(/(\d{4}), /, '$1 '),
          );
        }
      }),
    );
  }
});
