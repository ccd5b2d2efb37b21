import { expect, it } from 'vitest';
import {
  type BmcProfile,
  exportProfile,
  targetOptionsOf,
  vendorName,
  withPowerTimes,
} from '../../../src/ipmi/index.ts';
import { suggestedQuirks } from '../../../src/ipmi/profile/vendors.ts';

const profile: BmcProfile = {
  version: 1,
  at: 0,
  vendor: 'Supermicro',
  manufacturerId: 10_876,
  productId: 1,
  firmware: '1.5',
  ipmiVersion: '2.0',
  suites: { working: [3, 17] },
  roundTripMs: 8,
  gapMs: 0,
  sessions: {},
  findings: [],
  suggestedQuirks: [],
  powerMs: { on: [], off: [], reset: [] },
  notes: [],
};

it('makes the treatment of a quick, sound BMC: the best suite, the usual times', () => {
  expect(targetOptionsOf(profile)).toEqual({ cipherSuite: 17, tuning: { gapMs: 0, keepOpen: false } });
});

it('asks a slow BMC less often, and keeps a session open only where there are some to spare', () => {
  const slow = { ...profile, roundTripMs: 900, gapMs: 250, suites: { working: [3] }, sessions: { tried: 4 } };
  expect(targetOptionsOf(slow)).toEqual({
    cipherSuite: 3,
    tuning: { gapMs: 250, keepOpen: true, timing: { retryMs: [4500, 9000, 18_000], deadlineMs: 27_000 } },
  });
  expect(targetOptionsOf({ ...slow, sessions: { slots: 4, tried: 2 } }).tuning?.keepOpen).toBe(false);
  expect(targetOptionsOf({ ...profile, suites: { working: [] } })).not.toHaveProperty('cipherSuite');
});

it('learns power times by watching, the newest eight', () => {
  let learned = profile;
  for (let ms = 1; ms <= 10; ms++) learned = withPowerTimes(learned, 'on', ms);
  expect(learned.powerMs).toEqual({ on: [3, 4, 5, 6, 7, 8, 9, 10], off: [], reset: [] });
  expect(profile.powerMs.on).toEqual([]);
});

it('is plain data', () => {
  expect(JSON.parse(exportProfile(profile))).toEqual(profile);
});

it('knows makers by name, and suggests quirks only for some', () => {
  expect([674, 47_196, 0xf_f0f0].map(vendorName)).toEqual(['Dell', 'HPE', 'IANA 1044720']);
  expect(suggestedQuirks(10_876)).toContain('supermicro20');
  expect(suggestedQuirks(47_196)).toEqual([]);
});
