import { Type } from 'typebox';
import { description, interfaceName, ipv4, newResourceUuid, reference, shortText } from '../schemas.ts';
import type { ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis } from './resource.ts';

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
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      dhcpInterface: interfaceName,
      dhcpRangeBegin: Type.Optional(ipv4),
      dhcpRangeEnd: Type.Optional(ipv4),
      dhcpRangeNetmask: Type.Optional(ipv4),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    async run({ context, params }) {
      const uuid = await context.service.createPxeServer(params);
      return inventoryAnswer(context, 'pxeServer', uuid);
    },
  }),
  ...queryApis('QueryBaremetalPxeServer', path, 'pxeServer'),
  deleteApi('DeleteBaremetalPxeServer', path, (context, uuid) => context.service.deletePxeServer(uuid)),
  defineApi({
    name: 'UpdateBaremetalPxeServer',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateBaremetalPxeServer'],
    async: true,
    access: 'admin',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      dhcpInterface: Type.Optional(interfaceName),
      dhcpRangeBegin: Type.Optional(ipv4),
      dhcpRangeEnd: Type.Optional(ipv4),
      dhcpRangeNetmask: Type.Optional(ipv4),
    }),
    async run({ context, params: { uuid, ...change } }) {
      await context.service.updatePxeServer(uuid, change);
      return inventoryAnswer(context, 'pxeServer', uuid);
    },
  }),
  switchApi('StartBaremetalPxeServer', 'startBaremetalPxeServer', (context, uuid) =>
    context.service.startPxeServer(uuid),
  ),
  switchApi('StopBaremetalPxeServer', 'stopBaremetalPxeServer', (context, uuid) =>
    context.service.stopPxeServer(uuid),
  ),
];
