import { Type } from 'typebox';
import { ApiError } from '../errors.ts';
import { flag, reference } from '../schemas.ts';
import type { ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { valuesOf } from '../zstack/query.ts';

const path = '/pci-device/hosts';
const wish = Type.Enum(['Enabled', 'Disabled']);
const fact = Type.Object({
  status: Type.Enum(['Active', 'Inactive']),
  details: Type.String(),
  rebootPending: Type.Boolean(),
});

/** A getter under each of its paths: the product's, and those that the manual prints. */
function getters(
  name: string,
  paths: readonly string[],
  summary: string,
  schema: ReturnType<typeof Type.Object>,
  read: (context: ApiContext, uuid: string) => Promise<object>,
): readonly ApiDefinition[] {
  return paths.map((one) =>
    defineApi({
      name,
      method: 'GET',
      path: `${path}${one}`,
      keys: [],
      async: false,
      access: 'admin',
      summary,
      answers: { kind: 'members', schema },
      resourceType: 'HostVO',
      params: Type.Object({ uuid: reference }),
      run({ context, params, query }) {
        // The manual prints `/status/uuid}?uuid=`, and clients were made from it.
        const uuid = params.uuid === 'uuid}' ? valuesOf(query, 'uuid')[0]?.trim() : params.uuid;
        if (uuid !== undefined && uuid !== '') return read(context, uuid);
        throw new ApiError('bad-argument', `API ${name}: parameter uuid is mandatory; give it a value`, {
          data: { parameter: 'uuid' },
        });
      },
    }),
  );
}

/** The IOMMU of hosts: State is what is wished, Status what is. */
export const iommuApis: readonly ApiDefinition[] = [
  ...getters(
    'GetHostIommuStatus',
    ['/:uuid/status', '/status/:uuid', '/status'],
    "Whether the running kernel uses the host's IOMMU, and what to do when it does not",
    fact,
    (context, uuid) => context.iommu.iommuStatus(uuid),
  ),
  ...getters(
    'GetHostIommuState',
    ['/:uuid/state', '/state/:uuid'],
    'Whether the IOMMU of a host is wished',
    Type.Object({ state: wish }),
    async (context, uuid) => ({ state: await context.iommu.iommuState(uuid) }),
  ),
  defineApi({
    name: 'UpdateHostIommuState',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateHostIommuState'],
    async: true,
    access: 'admin',
    summary: "Writes the IOMMU into a host's boot loader, or takes it out; with dryRun only shows the change",
    answers: {
      kind: 'members',
      schema: Type.Object({
        state: wish,
        rebootPending: Type.Boolean(),
        diff: Type.String(),
        dryRun: Type.Boolean(),
      }),
    },
    resourceType: 'HostVO',
    params: Type.Object({ uuid: reference, state: wish, dryRun: Type.Optional(flag) }),
    run: async ({ context, params: { uuid, state, dryRun = false } }) => ({
      ...(await context.iommu.updateIommuState(uuid, state, { dryRun })),
    }),
  }),
  defineApi({
    name: 'RescanPciDevices',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['rescanPciDevices'],
    async: true,
    access: 'admin',
    summary: 'Looks at a host and all its devices again',
    answers: { kind: 'empty' },
    resourceType: 'HostVO',
    params: Type.Object({ uuid: reference }),
    async run({ context, params }) {
      await context.look(params.uuid);
      return {};
    },
  }),
];
