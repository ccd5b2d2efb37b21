import type { Migration } from './migration.ts';

/** Hosts, VMs, PCI devices and their offerings as the query language reaches them; KVM host management fills them. */
export const kvmInventory: Migration = {
  id: 3,
  name: 'kvm-inventory',
  sql: `
CREATE TABLE host (
  uuid TEXT NOT NULL PRIMARY KEY,
  cluster_uuid TEXT NOT NULL REFERENCES cluster (uuid),
  name TEXT NOT NULL,
  description TEXT,
  management_ip TEXT NOT NULL UNIQUE,
  hypervisor_type TEXT NOT NULL,
  state TEXT NOT NULL,
  status TEXT NOT NULL,
  username TEXT,
  ssh_port INTEGER,
  total_cpu_capacity INTEGER,
  available_cpu_capacity INTEGER,
  total_memory_capacity INTEGER,
  available_memory_capacity INTEGER,
  cpu_sockets INTEGER,
  cpu_num INTEGER,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX host_name ON host (name);
CREATE INDEX host_cluster ON host (cluster_uuid);
CREATE INDEX host_order ON host (create_date, uuid);
CREATE TRIGGER host_gone AFTER DELETE ON host BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE instance_offering (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  cpu_num INTEGER NOT NULL,
  cpu_speed INTEGER,
  memory_size INTEGER NOT NULL,
  type TEXT NOT NULL,
  allocator_strategy TEXT,
  sort_key INTEGER,
  state TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX instance_offering_name ON instance_offering (name);
CREATE INDEX instance_offering_order ON instance_offering (create_date, uuid);
CREATE TRIGGER instance_offering_gone AFTER DELETE ON instance_offering BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
  DELETE FROM resource_share WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE vm_instance (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  host_uuid TEXT REFERENCES host (uuid) ON DELETE CASCADE,
  last_host_uuid TEXT,
  cluster_uuid TEXT REFERENCES cluster (uuid) ON DELETE SET NULL,
  zone_uuid TEXT REFERENCES zone (uuid) ON DELETE SET NULL,
  instance_offering_uuid TEXT REFERENCES instance_offering (uuid) ON DELETE SET NULL,
  image_uuid TEXT,
  root_volume_uuid TEXT,
  default_l3_network_uuid TEXT,
  platform TEXT,
  type TEXT NOT NULL,
  hypervisor_type TEXT NOT NULL,
  memory_size INTEGER,
  cpu_num INTEGER,
  cpu_speed INTEGER,
  allocator_strategy TEXT,
  state TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX vm_instance_name ON vm_instance (name);
CREATE INDEX vm_instance_host ON vm_instance (host_uuid);
CREATE INDEX vm_instance_cluster ON vm_instance (cluster_uuid);
CREATE INDEX vm_instance_zone ON vm_instance (zone_uuid);
CREATE INDEX vm_instance_offering ON vm_instance (instance_offering_uuid);
CREATE INDEX vm_instance_state ON vm_instance (state);
CREATE INDEX vm_instance_order ON vm_instance (create_date, uuid);
CREATE TRIGGER vm_instance_gone AFTER DELETE ON vm_instance BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
  DELETE FROM resource_share WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE vm_nic (
  uuid TEXT NOT NULL PRIMARY KEY,
  vm_instance_uuid TEXT NOT NULL REFERENCES vm_instance (uuid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  l3_network_uuid TEXT,
  ip TEXT,
  mac TEXT NOT NULL,
  netmask TEXT,
  gateway TEXT,
  device_id INTEGER NOT NULL,
  meta_data TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX vm_nic_parent ON vm_nic (vm_instance_uuid, position);
CREATE INDEX vm_nic_ip ON vm_nic (ip);
CREATE INDEX vm_nic_mac ON vm_nic (mac);

CREATE TABLE pci_device (
  uuid TEXT NOT NULL PRIMARY KEY,
  host_uuid TEXT NOT NULL REFERENCES host (uuid) ON DELETE CASCADE,
  vm_instance_uuid TEXT REFERENCES vm_instance (uuid) ON DELETE SET NULL,
  description TEXT,
  status TEXT NOT NULL,
  state TEXT NOT NULL,
  type TEXT NOT NULL,
  vendor_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  subvendor_id TEXT,
  subdevice_id TEXT,
  pci_device_address TEXT NOT NULL,
  meta_data TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX pci_device_host ON pci_device (host_uuid);
CREATE INDEX pci_device_vm ON pci_device (vm_instance_uuid);
CREATE INDEX pci_device_ids ON pci_device (vendor_id, device_id);
CREATE INDEX pci_device_order ON pci_device (create_date, uuid);
CREATE TRIGGER pci_device_gone AFTER DELETE ON pci_device BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE pci_device_offering (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  type TEXT NOT NULL,
  vendor_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  subvendor_id TEXT,
  subdevice_id TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX pci_device_offering_name ON pci_device_offering (name);
CREATE INDEX pci_device_offering_order ON pci_device_offering (create_date, uuid);
CREATE TRIGGER pci_device_offering_gone AFTER DELETE ON pci_device_offering BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
  DELETE FROM resource_share WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE pci_device_match (
  pci_device_uuid TEXT NOT NULL REFERENCES pci_device (uuid) ON DELETE CASCADE,
  pci_device_offering_uuid TEXT NOT NULL REFERENCES pci_device_offering (uuid) ON DELETE CASCADE,
  PRIMARY KEY (pci_device_uuid, pci_device_offering_uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX pci_device_match_offering ON pci_device_match (pci_device_offering_uuid);

CREATE TABLE instance_offering_pci (
  id INTEGER PRIMARY KEY,
  instance_offering_uuid TEXT NOT NULL REFERENCES instance_offering (uuid) ON DELETE CASCADE,
  pci_device_offering_uuid TEXT NOT NULL REFERENCES pci_device_offering (uuid) ON DELETE CASCADE,
  metadata TEXT,
  pci_device_count INTEGER NOT NULL DEFAULT 1,
  UNIQUE (instance_offering_uuid, pci_device_offering_uuid)
) STRICT;
CREATE INDEX instance_offering_pci_offering ON instance_offering_pci (pci_device_offering_uuid);
`,
};
