import type { Migration } from './migration.ts';

/**
 * Addresses are text as the API shows them, times are ms since the epoch, columns named `*_sealed` are secret-box blobs.
 * `lease.server_uuid`, `run.pxe_server_uuid` and `seen_machine.server_uuid` reference nothing: a lease, a run or a sighting
 * may outlive its PXE server.
 */
export const initial: Migration = {
  id: 1,
  name: 'initial',
  sql: `
CREATE TABLE key_check (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL) STRICT;

CREATE TABLE pxe_server (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  dhcp_interface TEXT NOT NULL UNIQUE,
  dhcp_range_begin TEXT NOT NULL,
  dhcp_range_end TEXT NOT NULL,
  dhcp_range_netmask TEXT NOT NULL,
  status TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX pxe_server_name ON pxe_server (name);
CREATE INDEX pxe_server_order ON pxe_server (create_date, uuid);

CREATE TABLE chassis (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  ipmi_address TEXT NOT NULL,
  ipmi_port INTEGER NOT NULL,
  ipmi_username TEXT NOT NULL,
  ipmi_password_sealed BLOB NOT NULL,
  status TEXT NOT NULL,
  status_cause TEXT,
  boot_mode TEXT NOT NULL,
  system_uuids TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL,
  UNIQUE (ipmi_address, ipmi_port)
) STRICT;
CREATE INDEX chassis_name ON chassis (name);
CREATE INDEX chassis_status ON chassis (status);
CREATE INDEX chassis_order ON chassis (create_date, uuid);

CREATE TABLE chassis_mac (
  mac TEXT NOT NULL UNIQUE,
  chassis_uuid TEXT NOT NULL REFERENCES chassis (uuid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  PRIMARY KEY (chassis_uuid, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE host_cfg (
  uuid TEXT NOT NULL PRIMARY KEY,
  chassis_uuid TEXT NOT NULL UNIQUE REFERENCES chassis (uuid) ON DELETE CASCADE,
  password_sealed BLOB,
  vnc INTEGER NOT NULL,
  unattended INTEGER NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX host_cfg_order ON host_cfg (create_date, uuid);

CREATE TABLE nic_cfg (
  uuid TEXT NOT NULL PRIMARY KEY,
  host_cfg_uuid TEXT NOT NULL REFERENCES host_cfg (uuid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  mac TEXT NOT NULL UNIQUE,
  pxe INTEGER NOT NULL,
  ip TEXT,
  netmask TEXT,
  gateway TEXT,
  dns TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX nic_cfg_parent ON nic_cfg (host_cfg_uuid, position);
CREATE INDEX nic_cfg_ip ON nic_cfg (ip);

CREATE TABLE bonding_cfg (
  uuid TEXT NOT NULL PRIMARY KEY,
  host_cfg_uuid TEXT NOT NULL REFERENCES host_cfg (uuid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  slaves TEXT NOT NULL,
  mode INTEGER NOT NULL,
  ip TEXT,
  netmask TEXT,
  gateway TEXT,
  dns TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX bonding_cfg_parent ON bonding_cfg (host_cfg_uuid, position);
CREATE INDEX bonding_cfg_ip ON bonding_cfg (ip);

CREATE TABLE vlan_cfg (
  uuid TEXT NOT NULL PRIMARY KEY,
  host_cfg_uuid TEXT NOT NULL REFERENCES host_cfg (uuid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  parent TEXT NOT NULL,
  vlan_id INTEGER NOT NULL,
  ip TEXT,
  netmask TEXT,
  gateway TEXT,
  dns TEXT,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX vlan_cfg_parent ON vlan_cfg (host_cfg_uuid, position);
CREATE INDEX vlan_cfg_ip ON vlan_cfg (ip);

CREATE TABLE hardware_info (
  uuid TEXT NOT NULL PRIMARY KEY,
  chassis_uuid TEXT NOT NULL REFERENCES chassis (uuid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  type TEXT NOT NULL,
  content TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX hardware_info_parent ON hardware_info (chassis_uuid, position);
CREATE INDEX hardware_info_type ON hardware_info (type);
CREATE INDEX hardware_info_order ON hardware_info (create_date, uuid);

CREATE TABLE run (
  uuid TEXT NOT NULL PRIMARY KEY,
  chassis_uuid TEXT NOT NULL REFERENCES chassis (uuid) ON DELETE CASCADE,
  pxe_server_uuid TEXT NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT NOT NULL,
  stage_since INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  tokens_sealed BLOB NOT NULL,
  kickstart_consumed INTEGER NOT NULL,
  mac TEXT,
  address TEXT,
  firmware TEXT,
  evidence TEXT NOT NULL,
  cause TEXT
) STRICT;
CREATE INDEX run_chassis ON run (chassis_uuid, started_at);
CREATE INDEX run_open ON run (started_at) WHERE ended_at IS NULL;

CREATE TABLE timeline (
  id INTEGER PRIMARY KEY,
  run_uuid TEXT NOT NULL REFERENCES run (uuid) ON DELETE CASCADE,
  chassis_uuid TEXT NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  text TEXT NOT NULL,
  bytes INTEGER
) STRICT;
CREATE INDEX timeline_run ON timeline (run_uuid, at, id);

CREATE TABLE seen_machine (
  mac TEXT NOT NULL PRIMARY KEY,
  server_uuid TEXT NOT NULL,
  uuids TEXT NOT NULL,
  firmware TEXT,
  vendor_class TEXT,
  reason TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
  server_uuid TEXT NOT NULL,
  ip TEXT NOT NULL,
  mac TEXT NOT NULL,
  client_id TEXT,
  expires_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (server_uuid, ip)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  password_hash TEXT NOT NULL
) STRICT;

CREATE TABLE session (
  uuid_sha256 BLOB NOT NULL PRIMARY KEY,
  account_uuid TEXT NOT NULL,
  user_uuid TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  expired_date INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account_uuid, create_date);
CREATE INDEX session_expired ON session (expired_date);

CREATE TABLE job (
  uuid TEXT NOT NULL PRIMARY KEY,
  api TEXT NOT NULL,
  account_uuid TEXT,
  state TEXT NOT NULL,
  result TEXT,
  error TEXT,
  create_date INTEGER NOT NULL,
  finish_date INTEGER
) STRICT;
CREATE INDEX job_finished ON job (finish_date) WHERE finish_date IS NOT NULL;
CREATE INDEX job_running ON job (create_date) WHERE state = 'running';
`,
};
