import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

const reserve = (name: string, fn: number, cmd: number): Command<undefined, number> => ({
  name,
  netFn: fn,
  cmd,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reservation) => new ByteWriter(2).u16le(reservation).done(),
  decodeReply: (data) => new ByteReader(data).u16le('reservation'),
});

/** Reserve SEL: a reservation id that a later change of the log cancels. IPMI 2.0 §31.4 */
export const reserveSel = reserve('Reserve SEL', netFn.storage, 0x42);

/** Reserve SDR Repository. IPMI 2.0 §33.11 */
export const reserveSdrRepository = reserve('Reserve SDR Repository', netFn.storage, 0x22);

/** Reserve Device SDR Repository: the sensor records that a controller keeps about itself. IPMI 2.0 §35.4 */
export const reserveDeviceSdr = reserve('Reserve Device SDR Repository', netFn.sensor, 0x22);
