import type { Database } from 'better-sqlite3';

/** Vendor and device agree, and each sub id where the offering gives it. */
const fits = `device.vendor_id = offering.vendor_id AND device.device_id = offering.device_id
  AND (offering.subvendor_id IS NULL OR device.subvendor_id = offering.subvendor_id)
  AND (offering.subdevice_id IS NULL OR device.subdevice_id = offering.subdevice_id)`;

/** Which PCI devices fit which offerings, written anew with every write of either; a part of a larger transaction. */
export interface Matches {
  ofDevice(uuid: string): void;
  ofOffering(uuid: string): void;
}

/** Prepares the statements of the match table. */
export function createMatches(db: Database): Matches {
  const anew = (end: 'device' | 'offering') => {
    const column = end === 'device' ? 'pci_device_uuid' : 'pci_device_offering_uuid';
    const forget = db.prepare<[string]>(`DELETE FROM pci_device_match WHERE ${column} = ?`);
    const add = db.prepare<[string]>(
      `INSERT INTO pci_device_match (pci_device_uuid, pci_device_offering_uuid)
         SELECT device.uuid, offering.uuid FROM pci_device AS device JOIN pci_device_offering AS offering ON ${fits}
           WHERE ${end}.uuid = ?`,
    );
    return (uuid: string): void => {
      forget.run(uuid);
      add.run(uuid);
    };
  };
  return { ofDevice: anew('device'), ofOffering: anew('offering') };
}
