import { Type } from 'typebox';
import { ConsoleError, type ConsoleCaller } from '../../console/index.ts';
import { isAdmin, isAuditor } from '../auth/roles.ts';
import { callerOf } from '../auth/sessions.ts';
import { ApiError } from '../errors.ts';
import { flag, reference } from '../schemas.ts';
import type { ApiCall, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

const shape = { method: 'POST', keys: ['params'], async: true } as const;

/** Where the caller reached this server: of `https://rack.example/zstack/v1` the parts, and the page's address. */
function serverAt(baseUrl: string) {
  const { protocol, hostname, port } = new URL(baseUrl);
  const scheme = protocol.replace(':', '');
  return {
    scheme,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    pageUrl: `${baseUrl.replace(/\/v1$/, '')}/console/`,
  };
}

/**
 * After tickets were made: what would have ended them meanwhile has not found them. Rejects as the call would have, without tickets,
 * when the session is over or the VM is not the caller's to see any more.
 */
async function stillAllowed(
  { caller, context }: Pick<ApiCall<unknown>, 'caller' | 'context'>,
  vmUuid?: string,
): Promise<void> {
  const { account, session } = callerOf(caller);
  await context.sessionWatch.follow(session);
  if (vmUuid === undefined) return;
  try {
    await needVm({ context, params: { uuid: vmUuid } });
  } catch (error) {
    await context.consoles.revokeUnseen([vmUuid], async (uuid) => uuid !== account.uuid);
    throw error;
  }
}

/** The caller as the console room knows people; from here on the end of the session ends what it opens. */
async function consoleCaller({
  caller,
  context,
}: Pick<ApiCall<unknown>, 'caller' | 'context'>): Promise<ConsoleCaller> {
  const who = callerOf(caller);
  const { account, user, session } = who;
  await context.sessionWatch.follow(session);
  const mayAct = !isAuditor(who);
  return {
    accountUuid: account.uuid,
    sessionUuid: session.uuid,
    name: user === undefined ? account.name : `${account.name}/${user.name}`,
    mayAct,
    // As by the API: the power of VMs is for administrators.
    mayPower: mayAct && isAdmin(who),
  };
}

/** The ticket is behind the fragment's sign, which browsers keep to themselves: no log and no Referer has it. */
const linkOf = (pageUrl: string, ticket: string): string => `${pageUrl}#${ticket}`;

/** A VM that is not the caller's to see is as good as absent. */
export async function needVm({
  context,
  params,
}: Pick<ApiCall<{ uuid: string }>, 'context' | 'params'>): Promise<void> {
  if ((await context.inventoryOf('vmInstance', params.uuid)) !== undefined) return;
  throw new ApiError('not-found', 'there is no VM with this uuid; look at GET /v1/vm-instances');
}

/** Links to consoles. The answer of these jobs is on the disk with its tickets, which are good once and for two minutes only. */
export const consoleApis: readonly ApiDefinition[] = [
  defineApi({
    ...shape,
    name: 'RequestBaremetalConsoleAccess',
    path: '/baremetal/consoles',
    access: 'admin',
    summary: 'A link to the console of a chassis; good once, for two minutes',
    answers: {
      kind: 'members',
      schema: Type.Object({
        inventory: Type.Object({
          uuid: Type.String(),
          chassisUuid: Type.String(),
          token: Type.String(),
          url: Type.String(),
          expireDate: Type.String(),
        }),
      }),
    },
    resourceType: 'BaremetalChassisVO',
    params: Type.Object({ chassisUuid: reference, viewOnly: Type.Optional(flag) }),
    async run(call) {
      const { context, params, baseUrl } = call;
      const caller = await consoleCaller(call);
      const viewOnly = params.viewOnly ?? false;
      const access = await context.consoles.request('chassis', params.chassisUuid, caller, { viewOnly });
      await stillAllowed(call);
      const { hostname, port, pageUrl } = serverAt(baseUrl);
      const { uuid, subject, ticket, expiresAt } = access;
      const inventory = {
        uuid,
        chassisUuid: subject.uuid,
        token: `${subject.uuid}: ${hostname}:${port}`,
        url: linkOf(pageUrl, ticket),
        expireDate: expiresAt,
      };
      return { inventory: context.render(inventory) };
    },
  }),
  defineApi({
    ...shape,
    name: 'RequestConsoleAccess',
    path: '/consoles',
    access: 'session',
    summary:
      'A link to the console of a VM, and a token for plain VNC viewers at /websockify?token= while it has a screen; good once, for two minutes',
    answers: {
      kind: 'members',
      schema: Type.Object({
        inventory: Type.Object({
          scheme: Type.String(),
          hostname: Type.String(),
          port: Type.Integer(),
          token: Type.Optional(Type.String()),
          url: Type.String(),
          expireDate: Type.String(),
        }),
      }),
    },
    resourceType: 'VmInstanceVO',
    params: Type.Object({ vmInstanceUuid: reference, viewOnly: Type.Optional(flag) }),
    async run(call) {
      const { context, params, baseUrl } = call;
      await needVm({ context, params: { uuid: params.vmInstanceUuid } });
      const caller = await consoleCaller(call);
      const options = { viewOnly: params.viewOnly ?? false };
      const page = await context.consoles.request('vm', params.vmInstanceUuid, caller, options);
      // A VM with a serial console only has a page and no screen.
      const screen = await context.consoles
        .requestScreen('vm', params.vmInstanceUuid, caller, options)
        .catch((error: unknown) => {
          if (error instanceof ConsoleError && error.code === 'unavailable') return undefined;
          throw error;
        });
      await stillAllowed(call, page.subject.uuid);
      const { scheme, hostname, port, pageUrl } = serverAt(baseUrl);
      const url = linkOf(pageUrl, page.ticket);
      const inventory = { scheme, hostname, port, token: screen?.ticket, url, expireDate: page.expiresAt };
      return { inventory: context.render(inventory) };
    },
  }),
];
