import type { Migration } from './migration.ts';

/**
 * Accounts' users, zones and clusters, tags, notifications, settings, the audit log, web hooks and task progress. Tags and shares
 * hang on resources of many tables, so triggers and not foreign keys take them along when a resource goes.
 */
export const platform: Migration = {
  id: 2,
  name: 'platform',
  sql: `
ALTER TABLE account ADD COLUMN description TEXT;
ALTER TABLE account ADD COLUMN create_date INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN last_op_date INTEGER NOT NULL DEFAULT 0;
CREATE INDEX account_order ON account (create_date, uuid);

CREATE TABLE account_user (
  uuid TEXT NOT NULL PRIMARY KEY,
  account_uuid TEXT NOT NULL REFERENCES account (uuid) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  kind TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL,
  UNIQUE (account_uuid, name)
) STRICT;
CREATE INDEX account_user_name ON account_user (name);
CREATE INDEX account_user_order ON account_user (create_date, uuid);
CREATE INDEX session_user ON session (user_uuid, create_date);

CREATE TABLE zone (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  state TEXT NOT NULL,
  type TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX zone_name ON zone (name);
CREATE INDEX zone_order ON zone (create_date, uuid);

CREATE TABLE cluster (
  uuid TEXT NOT NULL PRIMARY KEY,
  zone_uuid TEXT NOT NULL REFERENCES zone (uuid) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  state TEXT NOT NULL,
  hypervisor_type TEXT NOT NULL,
  type TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX cluster_name ON cluster (name);
CREATE INDEX cluster_zone ON cluster (zone_uuid);
CREATE INDEX cluster_order ON cluster (create_date, uuid);

ALTER TABLE chassis ADD COLUMN cluster_uuid TEXT REFERENCES cluster (uuid) ON DELETE SET NULL;
DROP INDEX chassis_status;
CREATE INDEX chassis_status ON chassis (status, create_date, uuid);
CREATE INDEX chassis_cluster ON chassis (cluster_uuid, create_date, uuid);
DROP INDEX hardware_info_type;
CREATE INDEX hardware_info_type ON hardware_info (type, create_date, uuid);
CREATE INDEX hardware_info_chassis ON hardware_info (chassis_uuid, type, create_date, uuid);
CREATE INDEX bonding_cfg_name ON bonding_cfg (name, host_cfg_uuid);
CREATE INDEX chassis_last_op ON chassis (last_op_date, uuid);
ALTER TABLE pxe_server ADD COLUMN cluster_uuid TEXT REFERENCES cluster (uuid) ON DELETE SET NULL;
CREATE INDEX pxe_server_cluster ON pxe_server (cluster_uuid);

CREATE TABLE tag (
  uuid TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('System', 'User')),
  resource_type TEXT NOT NULL,
  resource_uuid TEXT NOT NULL,
  tag TEXT NOT NULL,
  inherent INTEGER NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL,
  UNIQUE (resource_uuid, type, tag)
) STRICT;
CREATE INDEX tag_text ON tag (type, tag, resource_type, resource_uuid);
CREATE INDEX tag_tag ON tag (tag, create_date, uuid);
CREATE INDEX tag_order ON tag (type, create_date, uuid);

CREATE TABLE resource_share (
  resource_uuid TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  account_uuid TEXT NOT NULL REFERENCES account (uuid) ON DELETE CASCADE,
  create_date INTEGER NOT NULL,
  PRIMARY KEY (resource_uuid, account_uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_share_account ON resource_share (account_uuid, resource_uuid);

CREATE TRIGGER account_gone AFTER DELETE ON account BEGIN
  DELETE FROM session WHERE account_uuid = OLD.uuid;
  DELETE FROM tag WHERE resource_uuid = OLD.uuid AND resource_type = 'AccountVO';
END;
CREATE TRIGGER account_user_gone AFTER DELETE ON account_user BEGIN
  DELETE FROM session WHERE user_uuid = OLD.uuid;
  DELETE FROM tag WHERE resource_uuid = OLD.uuid AND resource_type = 'UserVO';
END;
CREATE TRIGGER zone_gone AFTER DELETE ON zone BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
  DELETE FROM resource_share WHERE resource_uuid = OLD.uuid;
END;
CREATE TRIGGER cluster_gone AFTER DELETE ON cluster BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
  DELETE FROM resource_share WHERE resource_uuid = OLD.uuid;
END;
CREATE TRIGGER chassis_gone AFTER DELETE ON chassis BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;
CREATE TRIGGER pxe_server_gone AFTER DELETE ON pxe_server BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;
CREATE TRIGGER host_cfg_gone AFTER DELETE ON host_cfg BEGIN
  DELETE FROM tag WHERE resource_uuid = OLD.uuid;
END;

CREATE TABLE notification (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  arguments TEXT,
  sender TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Unread', 'Read')),
  type TEXT NOT NULL CHECK (type IN ('Info', 'Warning', 'Error')),
  resource_type TEXT,
  resource_uuid TEXT,
  opaque TEXT,
  occurrences INTEGER NOT NULL,
  time INTEGER NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT;
CREATE INDEX notification_status ON notification (status, create_date, uuid);
CREATE INDEX notification_resource ON notification (resource_uuid, name);
CREATE INDEX notification_name ON notification (name, create_date, uuid);
CREATE INDEX notification_order ON notification (create_date, uuid);

CREATE TABLE global_config (
  uuid TEXT NOT NULL PRIMARY KEY,
  category TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  default_value TEXT NOT NULL,
  value TEXT NOT NULL,
  is_set INTEGER NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL,
  UNIQUE (category, name)
) STRICT;

CREATE TABLE management_node (
  uuid TEXT NOT NULL PRIMARY KEY,
  host_name TEXT NOT NULL,
  join_date INTEGER NOT NULL,
  heart_beat INTEGER NOT NULL,
  create_date INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  create_date INTEGER NOT NULL,
  account_uuid TEXT,
  account_name TEXT,
  user_uuid TEXT,
  user_name TEXT,
  remote_address TEXT,
  api TEXT NOT NULL,
  resource_type TEXT,
  resource_uuid TEXT,
  job_uuid TEXT,
  outcome TEXT NOT NULL CHECK (outcome IN ('Succeeded', 'Failed', 'Interrupted')),
  error_code TEXT,
  error_text TEXT,
  request TEXT,
  duration_ms INTEGER
) STRICT;
CREATE INDEX audit_order ON audit (create_date);
CREATE INDEX audit_resource ON audit (resource_uuid, create_date);
CREATE INDEX audit_account ON audit (account_uuid, create_date);
CREATE INDEX audit_api ON audit (api, create_date);
CREATE INDEX audit_address ON audit (remote_address, create_date);
CREATE TRIGGER audit_is_new BEFORE INSERT ON audit
  WHEN EXISTS (SELECT 1 FROM audit WHERE uuid = NEW.uuid OR id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE web_hook (
  job_uuid TEXT NOT NULL PRIMARY KEY REFERENCES job (uuid) ON DELETE CASCADE,
  header_uuid TEXT NOT NULL,
  url TEXT NOT NULL,
  origin TEXT NOT NULL,
  tries INTEGER NOT NULL,
  next_at INTEGER,
  create_date INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX web_hook_due ON web_hook (next_at, origin) WHERE next_at IS NOT NULL;
CREATE INDEX web_hook_origin ON web_hook (origin, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE task_progress (
  id INTEGER PRIMARY KEY,
  api_uuid TEXT NOT NULL,
  task_uuid TEXT NOT NULL,
  parent_uuid TEXT,
  task_name TEXT NOT NULL,
  type TEXT NOT NULL,
  content TEXT NOT NULL,
  percent REAL,
  opaque TEXT,
  time INTEGER NOT NULL
) STRICT;
CREATE INDEX task_progress_api ON task_progress (api_uuid, id);
CREATE INDEX task_progress_time ON task_progress (time);
CREATE INDEX job_order ON job (create_date, uuid);
`,
};
