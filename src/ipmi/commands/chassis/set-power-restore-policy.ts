import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

const policies = ['off', 'previous', 'on'] as const;

/** What the machine does when power comes back: stays off, goes to its state before, or switches on. IPMI 2.0 §28.8 */
export type PowerRestorePolicy = (typeof policies)[number];

/** `ask` changes nothing. */
export type SetPowerRestorePolicyRequest = PowerRestorePolicy | 'ask';

const ask = 3;

/** Set Power Restore Policy; the reply lists the policies that the board knows. IPMI 2.0 §28.8 */
export const setPowerRestorePolicy: Command<SetPowerRestorePolicyRequest, readonly PowerRestorePolicy[]> = {
  name: 'Set Power Restore Policy',
  netFn: netFn.chassis,
  cmd: 0x06,
  encodeRequest: (policy) => new ByteWriter(1).u8(policy === 'ask' ? ask : policies.indexOf(policy)).done(),
  decodeRequest: (data) => policies[new ByteReader(data).u8('restorePolicy.policy') & 0x07] ?? 'ask',
  encodeReply: (known) =>
    new ByteWriter(1).u8(known.reduce((bits, policy) => bits | (1 << policies.indexOf(policy)), 0)).done(),
  decodeReply(data) {
    const bits = new ByteReader(data).u8('restorePolicy.supported');
    return policies.filter((_policy, bit) => (bits & (1 << bit)) !== 0);
  },
};

/** The policy in force, from the power state byte of Get Chassis Status; undefined: the board does not say. IPMI 2.0 §28.2 */
export const restorePolicyOf = (powerState: number): PowerRestorePolicy | undefined =>
  policies[(powerState >> 5) & 0x03];
