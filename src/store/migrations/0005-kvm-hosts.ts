import type { Migration } from './migration.ts';

/**
 * What KVM hosts told about themselves and what was meant for them. `facts` and `domain` are JSON, read by the query language where
 * they lie. `pci_assignment` references no VM: a device that is still bound for a VM must be given back also when that VM is gone.
 * `vm_instance.last_host_uuid` says where the definition of a stopped VM lies, so such a VM goes with that host.
 */
export const kvmHosts: Migration = {
  id: 5,
  name: 'kvm-hosts',
  sql: `
ALTER TABLE host DROP COLUMN total_cpu_capacity;
ALTER TABLE host DROP COLUMN available_cpu_capacity;
ALTER TABLE host DROP COLUMN total_memory_capacity;
ALTER TABLE host DROP COLUMN available_memory_capacity;
ALTER TABLE host DROP COLUMN cpu_sockets;
ALTER TABLE host DROP COLUMN cpu_num;
ALTER TABLE host ADD COLUMN connection TEXT NOT NULL DEFAULT 'ssh';
ALTER TABLE host ADD COLUMN password_sealed BLOB;
ALTER TABLE host ADD COLUMN host_key TEXT;
ALTER TABLE host ADD COLUMN status_cause TEXT;
ALTER TABLE host ADD COLUMN facts TEXT;

ALTER TABLE vm_instance ADD COLUMN iso_uuid TEXT;
ALTER TABLE vm_instance ADD COLUMN domain TEXT;
CREATE INDEX vm_instance_last_host ON vm_instance (last_host_uuid);
CREATE INDEX vm_instance_image ON vm_instance (image_uuid);
CREATE TRIGGER host_definitions_gone AFTER DELETE ON host BEGIN
  DELETE FROM vm_instance WHERE last_host_uuid = OLD.uuid AND host_uuid IS NULL;
END;
ALTER TABLE vm_nic ADD COLUMN bridge TEXT;

CREATE VIEW vm_volume AS
SELECT
  vm_instance.uuid AS vm_instance_uuid,
  disk.value ->> '$.target' AS name,
  (SELECT count(*) FROM json_each(vm_instance.domain, '$.disks') AS earlier
    WHERE earlier.key < disk.key AND earlier.value ->> '$.device' IN ('disk', 'lun')) AS device_id,
  disk.value ->> '$.source' AS install_path,
  disk.value ->> '$.format' AS format
FROM vm_instance, json_each(vm_instance.domain, '$.disks') AS disk
WHERE disk.value ->> '$.device' IN ('disk', 'lun');

ALTER TABLE pci_device ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE pci_device ADD COLUMN kind TEXT NOT NULL DEFAULT 'other';
ALTER TABLE pci_device ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE pci_device ADD COLUMN facts TEXT;
CREATE INDEX pci_device_address ON pci_device (pci_device_address);
CREATE INDEX pci_device_offering_ids ON pci_device_offering (vendor_id, device_id);

CREATE TABLE pci_assignment (
  pci_device_uuid TEXT NOT NULL PRIMARY KEY REFERENCES pci_device (uuid) ON DELETE CASCADE,
  vm_instance_uuid TEXT NOT NULL,
  leader_uuid TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('attaching', 'attached', 'detaching')),
  previous_driver TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE host_iommu (
  host_uuid TEXT NOT NULL PRIMARY KEY REFERENCES host (uuid) ON DELETE CASCADE,
  state TEXT NOT NULL,
  status TEXT NOT NULL,
  details TEXT NOT NULL,
  reboot_pending INTEGER NOT NULL,
  change TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE usb_device (
  uuid TEXT NOT NULL PRIMARY KEY,
  host_uuid TEXT NOT NULL REFERENCES host (uuid) ON DELETE CASCADE,
  vm_instance_uuid TEXT REFERENCES vm_instance (uuid) ON DELETE SET NULL,
  name TEXT NOT NULL,
  port_path TEXT NOT NULL,
  serial TEXT,
  vendor_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  manufacturer TEXT,
  product TEXT,
  usb_version TEXT,
  device_class TEXT,
  bus_num INTEGER NOT NULL,
  dev_num INTEGER NOT NULL,
  state TEXT NOT NULL,
  status TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX usb_device_host ON usb_device (host_uuid);
CREATE INDEX usb_device_vm ON usb_device (vm_instance_uuid);
CREATE INDEX usb_device_order ON usb_device (create_date, uuid);
CREATE TRIGGER usb_device_gone AFTER DELETE ON usb_device BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE image (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  url TEXT NOT NULL,
  media_type TEXT NOT NULL,
  format TEXT NOT NULL,
  platform TEXT,
  guest_os_type TEXT,
  type TEXT NOT NULL,
  system INTEGER NOT NULL,
  state TEXT NOT NULL,
  status TEXT NOT NULL,
  size INTEGER,
  actual_size INTEGER,
  md5_sum TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX image_name ON image (name);
CREATE INDEX image_order ON image (create_date, uuid);
CREATE TRIGGER image_gone AFTER DELETE ON image BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
  DELETE FROM resource_share WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE stack_template (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  type TEXT NOT NULL,
  version TEXT NOT NULL,
  state INTEGER NOT NULL,
  content TEXT NOT NULL,
  md5sum TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX stack_template_name ON stack_template (name);
CREATE INDEX stack_template_order ON stack_template (create_date, uuid);
CREATE TRIGGER stack_template_gone AFTER DELETE ON stack_template BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;

CREATE TRIGGER offering_pci_told AFTER INSERT ON tag
  WHEN NEW.type = 'System' AND NEW.resource_type = 'InstanceOfferingVO' AND NEW.tag GLOB 'pciDeviceOffering::*' BEGIN
  INSERT INTO instance_offering_pci (instance_offering_uuid, pci_device_offering_uuid, pci_device_count)
    SELECT NEW.resource_uuid, uuid, max(1, CAST(substr(NEW.tag, 54) AS INTEGER))
      FROM pci_device_offering WHERE uuid = substr(NEW.tag, 20, 32)
    ON CONFLICT (instance_offering_uuid, pci_device_offering_uuid) DO UPDATE SET pci_device_count = excluded.pci_device_count;
END;
CREATE TRIGGER offering_pci_changed AFTER UPDATE OF tag ON tag
  WHEN NEW.type = 'System' AND NEW.resource_type = 'InstanceOfferingVO' AND NEW.tag GLOB 'pciDeviceOffering::*' BEGIN
  DELETE FROM instance_offering_pci
    WHERE instance_offering_uuid = OLD.resource_uuid AND pci_device_offering_uuid = substr(OLD.tag, 20, 32);
  INSERT INTO instance_offering_pci (instance_offering_uuid, pci_device_offering_uuid, pci_device_count)
    SELECT NEW.resource_uuid, uuid, max(1, CAST(substr(NEW.tag, 54) AS INTEGER))
      FROM pci_device_offering WHERE uuid = substr(NEW.tag, 20, 32)
    ON CONFLICT (instance_offering_uuid, pci_device_offering_uuid) DO UPDATE SET pci_device_count = excluded.pci_device_count;
END;
CREATE TRIGGER offering_pci_taken AFTER DELETE ON tag
  WHEN OLD.type = 'System' AND OLD.resource_type = 'InstanceOfferingVO' AND OLD.tag GLOB 'pciDeviceOffering::*' BEGIN
  DELETE FROM instance_offering_pci
    WHERE instance_offering_uuid = OLD.resource_uuid AND pci_device_offering_uuid = substr(OLD.tag, 20, 32);
END;
CREATE TRIGGER pci_device_offering_tags_gone AFTER DELETE ON pci_device_offering BEGIN
  DELETE FROM tag WHERE type = 'System' AND tag GLOB 'pciDeviceOffering::' || OLD.uuid || '*';
END;
`,
};
