import { Type } from 'typebox';
import {
  clusterReference,
  description,
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
