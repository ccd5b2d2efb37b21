import type { Migration } from './migration.ts';

/** The query of an image's URL while it is downloaded: it may be a signature, so it is sealed. */
export const imageQueries: Migration = {
  id: 8,
  name: 'image-queries',
  sql: `
ALTER TABLE boot_image ADD COLUMN query_sealed BLOB;
`,
};
