import type { TObject, TProperties } from 'typebox';
import { ApiError } from '../../errors.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { defineApi } from '../../zstack/definition.ts';

/** A row of the contract that no service answers yet: its arguments are checked, then it fails with SYS.1014, never with a fake success. */
export function later<Properties extends TProperties>(
  row: Pick<ApiDefinition, 'name' | 'method' | 'path' | 'keys'> & { readonly params: TObject<Properties> },
): ApiDefinition {
  return defineApi({
    ...row,
    async: row.method !== 'GET',
    access: 'admin',
    summary: 'Not implemented yet: answers SYS.1014',
    answers: { kind: 'empty' },
    async run() {
      throw new ApiError(
        'unimplemented',
        `API ${row.name} is not implemented in this version; nothing was done`,
      );
    },
  });
}
