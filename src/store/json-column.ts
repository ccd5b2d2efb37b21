import { StoreError } from './errors.ts';

/** The value of a column that this store wrote as JSON. Throws StoreError `damaged` when it is none. */
export function parseJson(text: string, column: string, uuid: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new StoreError('damaged', `${column} of ${uuid} is no JSON: restore a backup`, {
      data: { column, uuid },
    });
  }
}
