import { Type } from 'typebox';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { errorBody } from '../zstack/errors.ts';

/** A script on many hosts. What it prints is answered and never logged; the audit log has the script. */
export const hostShellApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'KvmRunShell',
    method: 'PUT',
    path: '/hosts/kvm/actions',
    keys: ['kvmRunShell'],
    async: true,
    access: 'admin',
    summary: 'Runs a script as root on hosts, everywhere at once, and answers what it printed on each',
    answers: { kind: 'members', schema: Type.Object({ inventory: Type.Object({}) }) },
    resourceType: 'HostVO',
    params: Type.Object({
      hostUuids: Type.Array(Type.String(), {
        minItems: 1,
        maxItems: 1000,
        hint: 'must be a list of 1 to 1000 uuids of hosts',
      }),
      script: Type.String({
        minLength: 1,
        maxLength: 65_536,
        hint: 'must be a shell script of 1 to 65536 characters',
      }),
    }),
    async run({ context, params: { hostUuids, script } }) {
      const answers = await context.hosts.runShell([...new Set(hostUuids)], script);
      const inventory = [...answers].map(([uuid, { returnCode, stdout, stderr, failure }]) => {
        // The product has an empty object where nothing went wrong.
        const errorCode = failure === undefined ? {} : errorBody('SYS.1006', failure.text).error;
        return [uuid, { returnCode, stdout, stderr, errorCode }] as const;
      });
      return { inventory: Object.fromEntries(inventory) };
    },
  }),
];
