import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, WireError } from '../../../src/base/bytes.ts';
import {
  activatePayload,
  deactivatePayload,
  solAuxiliary,
} from '../../../src/ipmi/commands/app/activate-payload.ts';
import { getChannelAccess, setChannelAccess } from '../../../src/ipmi/commands/app/channel-access.ts';
import { getAcpiPowerState } from '../../../src/ipmi/commands/app/get-acpi-power-state.ts';
import { getChannelInfo } from '../../../src/ipmi/commands/app/get-channel-info.ts';
import { getPayloadActivationStatus } from '../../../src/ipmi/commands/app/get-payload-activation-status.ts';
import { getSelfTestResults, selfTestTexts } from '../../../src/ipmi/commands/app/get-self-test-results.ts';
import { coldReset, warmReset } from '../../../src/ipmi/commands/app/reset.ts';
import { setUserPassword } from '../../../src/ipmi/commands/app/set-user-password.ts';
import { getUserAccess, setUserAccess } from '../../../src/ipmi/commands/app/user-access.ts';
import { getUserName, setUserName } from '../../../src/ipmi/commands/app/user-name.ts';
import { rawCommand } from '../../../src/ipmi/commands/raw.ts';
import { describeCommand } from './describe-command.ts';

const byte = fc.nat(255);
const word = fc.nat(0xffff);
const nibble = fc.nat(15);
const userId = fc.nat(63);
const nothing = fc.constant(undefined);
const four = fc.uint8Array({ minLength: 4, maxLength: 4 });
const name = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 16 })
  .map((codes) => String.fromCodePoint(...codes));
const access = fc.record({
  callbackOnly: fc.boolean(),
  linkAuthentication: fc.boolean(),
  ipmiMessaging: fc.boolean(),
});
const channelAccess = fc.record({
  alertingDisabled: fc.boolean(),
  perMessageAuthDisabled: fc.boolean(),
  userLevelAuthDisabled: fc.boolean(),
  mode: fc.nat(7),
  privilege: nibble,
});
const settings = fc.constantFrom('kept' as const, 'active' as const);

describeCommand(getSelfTestResults, nothing, fc.record({ result: byte, detail: byte }));
describeCommand(getAcpiPowerState, nothing, fc.record({ system: fc.nat(127), device: fc.nat(127) }));
describeCommand(coldReset, nothing, nothing);
describeCommand(warmReset, nothing, nothing);
describeCommand(
  getUserAccess,
  fc.record({ channel: nibble, userId }),
  fc
    .record({
      maxUsers: userId,
      enabledUsers: userId,
      fixedNames: userId,
      enabled: fc.constantFrom('unspecified' as const, 'enabled' as const, 'disabled' as const),
      privilege: nibble,
    })
    .chain((counts) => access.map((bits) => ({ ...counts, ...bits }))),
);
describeCommand(
  setUserAccess,
  fc.record({
    channel: nibble,
    userId,
    access: fc.oneof(access, nothing),
    privilege: nibble,
    sessionLimit: nibble,
  }),
  nothing,
);
describeCommand(getUserName, userId, name);
describeCommand(setUserName, fc.record({ userId, name }), nothing);
describeCommand(
  setUserPassword,
  fc
    .record({
      userId,
      operation: fc.constantFrom('disable' as const, 'enable' as const, 'set' as const, 'test' as const),
      size: fc.constantFrom(16 as const, 20 as const),
    })
    .chain((request) =>
      fc.uint8Array({ maxLength: request.size, min: 1 }).map((password) => ({ ...request, password })),
    ),
  nothing,
);
describeCommand(getChannelAccess, fc.record({ channel: nibble, settings }), channelAccess);
describeCommand(setChannelAccess, fc.record({ channel: nibble, settings, access: channelAccess }), nothing);
describeCommand(
  getChannelInfo,
  nibble,
  fc.record({
    channel: nibble,
    medium: fc.nat(127),
    protocol: fc.nat(31),
    sessionSupport: fc.nat(3),
    activeSessions: fc.nat(63),
    vendor: fc.nat(0xff_ffff),
    auxiliary: word,
  }),
);
const payload = fc.record({ type: fc.nat(63), instance: nibble, auxiliary: four });
describeCommand(
  activatePayload,
  payload,
  fc.record({ auxiliary: four, inboundBytes: word, outboundBytes: word, port: word, vlan: word }),
);
describeCommand(deactivatePayload, payload, nothing);
describeCommand(getPayloadActivationStatus, fc.nat(63), fc.record({ capacity: nibble, active: word }));
describeCommand(rawCommand(0x2c, 0x3e), fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }));

describe('app commands', () => {
  it('a password that does not fit, and a name of other letters, are refused before they are sent, and not quoted', () => {
    const request = {
      userId: 2,
      operation: 'set',
      size: 16,
      password: new Uint8Array(17).fill(0x51),
    } as const;
    expect(() => setUserPassword.encodeRequest(request)).toThrow(WireError);
    expect(() => setUserPassword.encodeRequest(request)).not.toThrow(/Q/);
    expect(() => setUserName.encodeRequest({ userId: 2, name: 'ключ' })).toThrow(WireError);
    expect(() => setUserName.encodeRequest({ userId: 2, name: 'seventeen-letters' })).toThrow(WireError);
  });

  // IPMI 2.0 §24.1, table 24-2, by hand: encryption and authentication, serial alerts deferred, handshake held.
  it('writes the auxiliary bytes of a SOL activation', () => {
    const wish = { encrypted: true, authenticated: true, alerts: 1, holdHandshake: true } as const;
    expect(toHex(solAuxiliary(wish))).toBe('c6000000');
    expect(toHex(solAuxiliary({ ...wish, encrypted: false, alerts: 0, holdHandshake: false }))).toBe(
      '40000000',
    );
  });

  it.each([
    [0x55, 0, ['passed']],
    [0x56, 0, ['the BMC has no self test']],
    [0x57, 0x81, ['the firmware is corrupted', 'the event log cannot be read']],
    [0x57, 0, ['the BMC reports corrupted or unreadable data and does not say which']],
    [0x58, 0x12, ['fatal hardware error of the BMC (0x12)']],
    [0xa0, 0x01, ["failed for a reason of the board's own (0xa0, 0x01)"]],
  ])('self test result %i %i in words', (result, detail, texts) => {
    expect(selfTestTexts({ result, detail })).toEqual(texts);
  });
});
