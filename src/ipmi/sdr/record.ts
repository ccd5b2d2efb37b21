import { ByteReader } from '../../base/bytes.ts';
import {
  decodeCompactSensor,
  decodeEventOnly,
  decodeFullSensor,
  type Entity,
  type EventOnlyRecord,
  type SensorRecord,
} from './sensor-record.ts';
import { decodeIdString } from './typed-text.ts';

/** A part with FRU data. IPMI 2.0 §43.8 */
export interface FruLocator {
  readonly kind: 'fru';
  readonly recordId: number;
  /** Address of the controller that reads the FRU; 0x20 is the BMC. */
  readonly accessAddress: number;
  /** FRU device id for Read FRU Data where `logical`, else a chip's address on a private bus. */
  readonly fruId: number;
  readonly logical: boolean;
  readonly lun: number;
  readonly channel: number;
  readonly entity: Entity;
  readonly name: string;
}

/** A management controller. IPMI 2.0 §43.9 */
export interface ControllerLocator {
  readonly kind: 'controller';
  readonly recordId: number;
  readonly address: number;
  readonly channel: number;
  /** Device support bits as in Get Device ID. */
  readonly capabilities: number;
  readonly entity: Entity;
  readonly name: string;
}

/** A record of a type that is not read here. */
export interface OtherRecord {
  readonly kind: 'other';
  readonly recordId: number;
  readonly type: number;
}

/** One decoded sensor data record. */
export type SdrRecord = SensorRecord | EventOnlyRecord | FruLocator | ControllerLocator | OtherRecord;

/** Bytes before a record's body. IPMI 2.0 §43.1 */
export const sdrHeaderBytes = 5;

/** Header of a record: its body has `bodyBytes`. */
export interface SdrHeader {
  readonly recordId: number;
  readonly type: number;
  readonly bodyBytes: number;
}

/** Reads the header; WireError when cut short. IPMI 2.0 §43.1 */
export function decodeSdrHeader(r: ByteReader): SdrHeader {
  const recordId = r.u16le('sdr.recordId');
  r.skip(1, 'sdr.version');
  return { recordId, type: r.u8('sdr.recordType'), bodyBytes: r.u8('sdr.length') };
}

function decodeFru(r: ByteReader, recordId: number): FruLocator {
  const accessAddress = r.u8('sdr.accessAddress');
  const fruId = r.u8('sdr.fruId');
  const access = r.u8('sdr.access');
  const channel = r.u8('sdr.channel') >> 4;
  r.skip(3, 'sdr.deviceType');
  const entity = { id: r.u8('sdr.entityId'), instance: r.u8('sdr.entityInstance') & 0x7f };
  r.skip(1, 'sdr.oem');
  const logical = (access & 0x80) !== 0;
  const lun = (access >> 3) & 0x03;
  return {
    kind: 'fru',
    recordId,
    accessAddress,
    fruId,
    logical,
    lun,
    channel,
    entity,
    name: decodeIdString(r),
  };
}

function decodeController(r: ByteReader, recordId: number): ControllerLocator {
  const address = r.u8('sdr.address');
  const channel = r.u8('sdr.channel') & 0x0f;
  r.skip(1, 'sdr.powerState');
  const capabilities = r.u8('sdr.capabilities');
  r.skip(3, 'sdr.reserved');
  const entity = { id: r.u8('sdr.entityId'), instance: r.u8('sdr.entityInstance') & 0x7f };
  r.skip(1, 'sdr.oem');
  return { kind: 'controller', recordId, address, channel, capabilities, entity, name: decodeIdString(r) };
}

/** Decodes one whole record; compact and event-only records may stand for up to 15 sensors. WireError when malformed. IPMI 2.0 §43 */
export function decodeSdr(bytes: Uint8Array): readonly SdrRecord[] {
  const r = new ByteReader(bytes);
  const { recordId, type, bodyBytes } = decodeSdrHeader(r);
  const body = new ByteReader(r.bytes(Math.min(bodyBytes, r.remaining), 'sdr.body'));
  switch (type) {
    case 0x01:
      return [decodeFullSensor(body, recordId)];
    case 0x02:
      return decodeCompactSensor(body, recordId);
    case 0x03:
      return decodeEventOnly(body, recordId);
    case 0x11:
      return [decodeFru(body, recordId)];
    case 0x12:
      return [decodeController(body, recordId)];
    default:
      return [{ kind: 'other', recordId, type }];
  }
}
