import { Type } from 'typebox';
import {
  clusterReference,
  description,
  flag,
  interfaceName,
  ipv4,
  newResourceUuid,
  reference,
  shortText,
} from '../schemas.ts';
import type { ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, placed, queryApis, withTags } from './resource.ts';

const path = '/baremetal/pxeserver';

/** Of a member inside a list; the domain says what is wrong with it. */
const address = Type.String({ maxLength: 15 });

/** What DHCP does besides the range; ours, the product has none of it. Lists replace what was there. */
const dhcp = {
  dhcpMode: Type.Optional(Type.Enum(['serve', 'proxy', 'observe'])),
  dhcpOnlyReserved: Type.Optional(flag),
  dhcpSubnets: Type.Optional(
    Type.Array(
      Type.Object(
        {
          subnet: address,
          netmask: address,
          rangeBegin: address,
          rangeEnd: address,
          router: Type.Optional(address),
          dns: Type.Optional(Type.Array(address, { maxItems: 8 })),
        },
        { additionalProperties: false },
      ),
      {
        maxItems: 256,
        hint: 'must be a list of objects with subnet, netmask, rangeBegin, rangeEnd and, if wished, router and a list dns',
      },
    ),
  ),
  dhcpReservations: Type.Optional(
    Type.Array(Type.String({ maxLength: 600 }), {
      maxItems: 10_000,
      hint: 'must be a list of texts such as "52:54:00:12:34:56=192.0.2.9"',
    }),
  ),
  dhcpExclusions: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: 1000,
      hint: 'must be a list of texts such as "192.0.2.10-192.0.2.20"',
    }),
  ),
};

function switchApi(
  name: string,
  key: string,
  act: (context: ApiContext, uuid: string) => Promise<void>,
): ApiDefinition {
  return defineApi({
    name,
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: [key],
    async: true,
    access: 'admin',
    summary: `Starts or stops a PXE server`,
    answers: { kind: 'empty' },
    resourceType: 'BaremetalPxeServerVO',
    params: Type.Object({ uuid: reference }),
    async run({ context, params }) {
      await act(context, params.uuid);
      return {};
    },
  });
}

/** PXE servers: DHCP, TFTP and boot HTTP on one interface each. */
export const pxeServerApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateBaremetalPxeServer',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Starts DHCP, TFTP and boot HTTP on an interface',
    answers: { kind: 'inventory', resource: 'pxeServer' },
    resourceType: 'BaremetalPxeServerVO',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      dhcpInterface: interfaceName,
      dhcpRangeBegin: Type.Optional(ipv4),
      dhcpRangeEnd: Type.Optional(ipv4),
      dhcpRangeNetmask: Type.Optional(ipv4),
      ...dhcp,
      clusterUuid: Type.Optional(clusterReference),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run(call) {
      const { context } = call;
      const { clusterUuid, ...input } = call.params;
      return withTags(call, 'BaremetalPxeServerVO', () =>
        placed(context.platform, 'pxeServer', clusterUuid, () => context.service.createPxeServer(input)),
      );
    },
  }),
  ...queryApis('QueryBaremetalPxeServer', path, 'pxeServer'),
  deleteApi('DeleteBaremetalPxeServer', path, 'BaremetalPxeServerVO', (context, uuid) =>
    context.service.deletePxeServer(uuid),
  ),
  defineApi({
    name: 'UpdateBaremetalPxeServer',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateBaremetalPxeServer'],
    async: true,
    access: 'admin',
    summary: 'Changes a PXE server',
    answers: { kind: 'inventory', resource: 'pxeServer' },
    resourceType: 'BaremetalPxeServerVO',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      dhcpInterface: Type.Optional(interfaceName),
      dhcpRangeBegin: Type.Optional(ipv4),
      dhcpRangeEnd: Type.Optional(ipv4),
      dhcpRangeNetmask: Type.Optional(ipv4),
      ...dhcp,
      clusterUuid: Type.Optional(clusterReference),
    }),
    run(call) {
      const { context } = call;
      const { uuid, clusterUuid, ...change } = call.params;
      return withTags(call, 'BaremetalPxeServerVO', () =>
        placed(context.platform, 'pxeServer', clusterUuid, async () => {
          await context.service.updatePxeServer(uuid, change);
          return uuid;
        }),
      );
    },
  }),
  switchApi('StartBaremetalPxeServer', 'startBaremetalPxeServer', (context, uuid) =>
    context.service.startPxeServer(uuid),
  ),
  switchApi('StopBaremetalPxeServer', 'stopBaremetalPxeServer', (context, uuid) =>
    context.service.stopPxeServer(uuid),
  ),
];
