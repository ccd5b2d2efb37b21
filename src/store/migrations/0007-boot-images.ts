import type { Migration } from './migration.ts';

/** What machines are installed from. `kernel_arguments` is a JSON list. */
export const bootImages: Migration = {
  id: 7,
  name: 'boot-images',
  sql: `
CREATE TABLE boot_image (
  uuid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('iso', 'directory', 'redirect')),
  url TEXT NOT NULL,
  checksum TEXT,
  size INTEGER,
  status TEXT NOT NULL CHECK (status IN ('Importing', 'Ready', 'Failed')),
  status_cause TEXT,
  kernel TEXT,
  initrd TEXT,
  kernel_arguments TEXT NOT NULL,
  create_date INTEGER NOT NULL,
  last_op_date INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX boot_image_name ON boot_image (name);
CREATE INDEX boot_image_create_date ON boot_image (create_date);
`,
};
