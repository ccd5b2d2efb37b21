import type { Entity } from './sensor-record.ts';

/** Entity ids by number. IPMI 2.0 §43.14, table 43-13 */
const names = (
  'unspecified,other,unknown,processor,disk,peripheral bay,system management module,system board,memory module,processor module,' +
  'power supply,add-in card,front panel board,back panel board,power system board,drive backplane,internal expansion board,' +
  'other system board,processor board,power unit,power module,power distribution board,chassis back panel board,chassis,' +
  'sub-chassis,other chassis board,disk drive bay,peripheral bay,device bay,fan,cooling unit,cable,memory device,' +
  'system management software,system firmware,operating system,system bus,group,remote management communication,' +
  'external environment,battery,processing blade,connectivity switch,processor/memory module,I/O module,processor/IO module,' +
  'management controller firmware,IPMI channel,PCI bus,PCI Express bus,SCSI bus,SATA/SAS bus,processor front-side bus,' +
  'real-time clock'
).split(',');

/** Ids that DCMI added to the standard. */
const later: ReadonlyMap<number, string> = new Map([
  [0x37, 'air inlet'],
  [0x40, 'air inlet'],
  [0x41, 'processor'],
  [0x42, 'system board'],
]);

/** An entity as text, such as `power supply 2`; instances from 0x60 on are relative to a controller. IPMI 2.0 §43.14 */
export function entityText({ id, instance }: Entity): string {
  const name = names[id] ?? later.get(id) ?? `entity 0x${id.toString(16).padStart(2, '0')}`;
  return `${name} ${instance >= 0x60 ? instance - 0x60 : instance}`;
}
