import { Type } from 'typebox';
import { callerOf } from '../auth/sessions.ts';
import { flag, reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

/** USB redirect: devices of the viewer's machine reach a VM. */
export const usbRedirectApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'GetVmUsbRedirect',
    method: 'GET',
    path: '/vm-instances/:uuid/usbredirect',
    keys: [],
    async: false,
    access: 'admin',
    summary: 'Whether USB redirect of a VM is wished, and whether its next start will change that',
    answers: {
      kind: 'members',
      schema: Type.Object({ enable: Type.Boolean(), pending: Type.Boolean() }),
    },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ uuid: reference }),
    run: async ({ context, params }) => ({ ...(await context.vms.usbRedirect(params.uuid)) }),
  }),
  defineApi({
    name: 'SetVmUsbRedirect',
    method: 'PUT',
    path: '/vm-instances/:uuid/actions',
    keys: ['setVmUsbRedirect'],
    async: true,
    access: 'admin',
    summary: 'Wishes USB redirect of a VM, from its next start by the API on',
    answers: { kind: 'empty' },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ uuid: reference, enable: flag }),
    async run({ context, params }) {
      await context.vms.setUsbRedirect(params.uuid, params.enable);
      return {};
    },
  }),
  defineApi({
    name: 'CreateVmUsbRedirectTicket',
    method: 'POST',
    path: '/vm-instances/:uuid/usbredirect/tickets',
    keys: ['params'],
    // At once: a job's answer stays on the disk, and a ticket is a secret.
    async: false,
    access: 'admin',
    summary:
      "The address of a WebSocket to a VM's USB redirect and what it speaks in binary frames; good once, for a minute",
    answers: {
      kind: 'members',
      schema: Type.Object({
        url: Type.String(),
        expiresAt: Type.String(),
        protocol: Type.Enum(['usbredir', 'spice']),
      }),
    },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ uuid: reference }),
    async run({ context, params, caller, baseUrl }) {
      const { account } = callerOf(caller);
      const { ticket, expiresAt, protocol } = await context.usb.createRedirectTicket(
        params.uuid,
        account.uuid,
      );
      const url = `${baseUrl.replace(/^http/, 'ws')}/usb-redirect/${ticket}`;
      return { url, expiresAt: new Date(expiresAt).toISOString(), protocol };
    },
  }),
];
