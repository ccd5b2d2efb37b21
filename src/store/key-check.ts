import type { Database } from 'better-sqlite3';
import type { RandomBytes } from '../base/random.ts';
import { StoreError } from './errors.ts';
import { createKeyFile, readKeyFile } from './key-file.ts';
import { createSecretBox, type SecretBox } from './secret-box.ts';

const place = { table: 'key_check', uuid: '1', column: 'sealed' };
const text = 'rackwright';

function holdsSecrets(db: Database): boolean {
  return (
    db
      .prepare<[], number>(
        `SELECT EXISTS (SELECT 1 FROM chassis) OR EXISTS (SELECT 1 FROM run)
           OR EXISTS (SELECT 1 FROM host_cfg WHERE password_sealed IS NOT NULL)
           OR EXISTS (SELECT 1 FROM host WHERE password_sealed IS NOT NULL)
           OR EXISTS (SELECT 1 FROM boot_image WHERE query_sealed IS NOT NULL)`,
      )
      .pluck()
      .get() === 1
  );
}

/**
 * The box over the database's key. The first start makes the key file and seals a known text; each later one proves with it that
 * file and database belong together. Throws StoreError `damaged` for a missing or wrong key, `io` for one that others may read.
 */
export function openSecretBox(db: Database, keyPath: string, random: RandomBytes): SecretBox {
  const found = readKeyFile(keyPath);
  if (found === undefined && holdsSecrets(db)) {
    throw new StoreError(
      'damaged',
      `${keyPath} is missing, and the passwords in ${db.name} do not open without it: restore that key file (mode 0600) from a backup`,
    );
  }
  const box = createSecretBox(found ?? createKeyFile(keyPath, random), random);
  const check = db.prepare<[], Uint8Array>('SELECT sealed FROM key_check WHERE id = 1').pluck().get();
  if (found !== undefined && check !== undefined) {
    try {
      box.open(place, check);
    } catch {
      throw new StoreError(
        'damaged',
        `${keyPath} is not the key of ${db.name}: restore the key file and the database from the same backup`,
      );
    }
    return box;
  }
  db.prepare(
    'INSERT INTO key_check (id, sealed) VALUES (1, ?) ON CONFLICT DO UPDATE SET sealed = excluded.sealed',
  ).run(box.seal(place, text));
  return box;
}
