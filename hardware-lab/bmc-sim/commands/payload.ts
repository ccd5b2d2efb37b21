import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import { activatePayload, deactivatePayload } from '../../../src/ipmi/commands/app/activate-payload.ts';
import { getPayloadActivationStatus } from '../../../src/ipmi/commands/app/get-payload-activation-status.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import { endSol } from '../end-sol.ts';
import { startSol } from '../sol.ts';
import { bytesRow, type CommandRow, completion, noData, refuse, row } from './row.ts';
import { isLanChannel } from './session.ts';
import { solEnabled } from './sol.ts';

const solPayload = 0x01;
const maxPayload = 255;
const noVlan = 0xffff;
/** IPMI messages and SOL; Open Session and RAKP. IPMI 2.0 §24.8 */
const supported = { standard: 0x03, setup: 0x3f } as const;

/** Completion codes of their own. IPMI 2.0 §24.1, §24.2 */
const own = { alreadyActive: 0x80, alreadyInactive: 0x80, disabled: 0x81, noEncryption: 0x84 } as const;
const encryption = 0x80;
const disableAccess = 0x40;

/** Payloads besides IPMI messages: SOL, one instance of it. IPMI 2.0 §24 */
export const payloadCommands: readonly CommandRow[] = [
  row(activatePayload, 'user', ({ bmc, now }, { type, instance, auxiliary }, session) => {
    if (type !== solPayload || instance !== 1 || session === undefined)
      return refuse(completion.invalidField);
    if (!solEnabled(bmc) || bmc.solDenied.has(session.userId)) return refuse(own.disabled);
    if (bmc.sol !== undefined) return refuse(own.alreadyActive);
    if (((auxiliary.at(0) ?? 0) & encryption) === 0) return refuse(own.noEncryption);
    bmc.sol = startSol(session.secrets.bmcSessionId, now, bmc.faults.solNack);
    const sizes = { inboundBytes: maxPayload, outboundBytes: maxPayload };
    return { auxiliary: new Uint8Array(4), ...sizes, port: bmc.port, vlan: noVlan };
  }),
  row(deactivatePayload, 'user', (turn, { type, instance }, session) => {
    if (type !== solPayload || instance !== 1) return refuse(completion.invalidField);
    if (turn.bmc.sol === undefined) return refuse(own.alreadyInactive);
    endSol(turn, session);
    return undefined;
  }),
  row(getPayloadActivationStatus, 'user', ({ bmc }, type) =>
    type === solPayload
      ? { capacity: 1, active: bmc.sol === undefined ? 0 : 1 }
      : refuse(completion.invalidField),
  ),
  bytesRow(netFn.app, 0x4b, 'user', ({ bmc }, data) => {
    if (new ByteReader(data).u8('payload.type') !== solPayload) return refuse(completion.invalidField);
    const serialPort = 1;
    return new ByteWriter(12)
      .u32le(bmc.sol?.bmcSessionId ?? 0)
      .u8(serialPort)
      .fill(7)
      .done();
  }),
  bytesRow(netFn.app, 0x4c, 'administrator', ({ bmc }, data) => {
    const r = new ByteReader(data);
    const channel = r.u8('payload.channel') & 0x0f;
    const user = r.u8('payload.user');
    const aboutSol = (r.u8('payload.enables') & 0x02) !== 0;
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    const denied = new Set(bmc.solDenied);
    if (aboutSol && (user & 0xc0) === disableAccess) denied.add(user & 0x3f);
    else if (aboutSol) denied.delete(user & 0x3f);
    bmc.solDenied = denied;
    return noData;
  }),
  bytesRow(netFn.app, 0x4d, 'operator', ({ bmc }, data) => {
    const r = new ByteReader(data);
    if (!isLanChannel(r.u8('payload.channel') & 0x0f)) return refuse(completion.invalidField);
    return Uint8Array.of(bmc.solDenied.has(r.u8('payload.user') & 0x3f) ? 0 : 0x02, 0, 0, 0);
  }),
  bytesRow(netFn.app, 0x4e, 'user', (_turn, data) =>
    isLanChannel(new ByteReader(data).u8('payload.channel') & 0x0f)
      ? Uint8Array.of(supported.standard, 0, supported.setup, 0, 0, 0, 0, 0)
      : refuse(completion.invalidField),
  ),
  bytesRow(netFn.app, 0x4f, 'user', (_turn, data) => {
    const r = new ByteReader(data);
    const channel = r.u8('payload.channel') & 0x0f;
    const version1 = 0x10;
    return isLanChannel(channel) && r.u8('payload.type') <= solPayload
      ? Uint8Array.of(version1)
      : refuse(own.alreadyActive);
  }),
];
