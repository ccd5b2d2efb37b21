import * as fc from 'fast-check';
import { closeSession } from '../../../src/ipmi/commands/app/close-session.ts';
import { getChannelAuthCapabilities } from '../../../src/ipmi/commands/app/get-channel-auth-capabilities.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { getSystemGuid } from '../../../src/ipmi/commands/app/get-system-guid.ts';
import { setSessionPrivilege } from '../../../src/ipmi/commands/app/set-session-privilege.ts';
import { decodeBootFlags, encodeBootFlags } from '../../../src/ipmi/commands/chassis/boot-flags.ts';
import { chassisControl } from '../../../src/ipmi/commands/chassis/control.ts';
import { getBootOptions } from '../../../src/ipmi/commands/chassis/get-boot-options.ts';
import { getChassisStatus } from '../../../src/ipmi/commands/chassis/get-status.ts';
import { setBootOptions } from '../../../src/ipmi/commands/chassis/set-boot-options.ts';
import { describeCodec } from '../../support/codec-properties.ts';
import { describeCommand } from './describe-command.ts';

const byte = fc.nat(255);
const nibble = fc.nat(15);
const nothing = fc.constant(undefined);
const bytes = fc.uint8Array({ maxLength: 40 });

describeCommand(
  getDeviceId,
  nothing,
  fc.record({
    deviceId: byte,
    deviceRevision: byte,
    firmwareMajor: fc.nat(127),
    available: fc.boolean(),
    firmwareMinor: byte,
    ipmiVersion: byte,
    additionalSupport: byte,
    manufacturerId: fc.nat(0xf_ffff),
    productId: fc.nat(0xffff),
  }),
);
describeCommand(getSystemGuid, nothing, fc.uint8Array({ minLength: 16, maxLength: 16 }));
describeCommand(
  getChannelAuthCapabilities,
  fc.record({ channel: nibble, extended: fc.boolean(), privilege: nibble }),
  fc
    .record({
      channel: byte,
      authTypes: fc.nat(63),
      loginStatus: fc.nat(31),
      keyGSet: fc.boolean(),
      supportsIpmi15: fc.boolean(),
      supportsIpmi20: fc.boolean(),
      oemId: fc.nat(0xff_ffff),
      oemData: byte,
    })
    // A BMC without the extended form speaks 1.5, or it would not answer at all.
    .map((reply) => ({ ...reply, supportsIpmi15: reply.supportsIpmi15 || !reply.supportsIpmi20 })),
);
describeCommand(setSessionPrivilege, nibble, nibble);
describeCommand(closeSession, fc.nat(0xffff_ffff), nothing);
describeCommand(
  getChassisStatus,
  nothing,
  fc.record({ powerState: byte, lastPowerEvent: byte, miscState: byte }),
);
describeCommand(
  chassisControl,
  fc.constantFrom(
    'power-down',
    'power-up',
    'power-cycle',
    'hard-reset',
    'diagnostic-interrupt',
    'soft-shutdown',
  ),
  nothing,
);
describeCommand(
  setBootOptions,
  fc.record({ parameter: fc.nat(127), markInvalid: fc.boolean(), value: bytes }),
  nothing,
);
describeCommand(
  getBootOptions,
  fc.record({ parameter: fc.nat(127), setSelector: byte, blockSelector: byte }),
  fc.record({ version: nibble, parameter: fc.nat(127), markedInvalid: fc.boolean(), value: bytes }),
);
describeCodec({
  name: 'Boot flags',
  values: fc.record({ valid: fc.boolean(), persistent: fc.boolean(), efi: fc.boolean(), selector: nibble }),
  encode: encodeBootFlags,
  decode: decodeBootFlags,
});
