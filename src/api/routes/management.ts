import { Type } from 'typebox';
import { reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { queryApis } from './resource.ts';

/** What clients of ZStack's 2.1 series compare; ours is a member of its own. */
const zstackVersion = '2.1.0';

const actions = {
  method: 'PUT',
  path: '/management-nodes/actions',
  // PUTs that only read, and synchronous in the product.
  async: false,
  effect: 'read',
  access: 'anybody',
} as const;

/** The management node itself. */
export const managementApis: readonly ApiDefinition[] = [
  ...queryApis('QueryManagementNode', '/management-nodes', 'managementNode').map((api) => ({
    ...api,
    // So that whoever looks sees a heart beat of now, not of up to a minute ago.
    run: async (call: Parameters<typeof api.run>[0]) => {
      await call.context.managementNode.beat();
      return api.run(call);
    },
  })),
  defineApi({
    ...actions,
    name: 'GetVersion',
    keys: ['getVersion'],
    summary: "Tells the version of ZStack's API that is served, and our own",
    answers: {
      kind: 'members',
      schema: Type.Object({
        version: Type.String(),
        rackwrightVersion: Type.String(),
        success: Type.Boolean(),
      }),
    },
    params: Type.Object({}),
    run: async ({ context }) => ({
      version: zstackVersion,
      rackwrightVersion: context.managementNode.rackwrightVersion,
      success: true,
    }),
  }),
  defineApi({
    ...actions,
    name: 'GetCurrentTime',
    keys: ['getCurrentTime'],
    summary: "Tells the server's time since the epoch",
    answers: {
      kind: 'members',
      schema: Type.Object({
        currentTime: Type.Object({ MillionSeconds: Type.Integer(), Seconds: Type.Integer() }),
        success: Type.Boolean(),
      }),
    },
    params: Type.Object({}),
    async run({ context }) {
      const now = context.managementNode.now();
      // The product's spelling.
      return { currentTime: { MillionSeconds: now, Seconds: Math.floor(now / 1000) }, success: true };
    },
  }),
  defineApi({
    name: 'IsReadyToGo',
    method: 'GET',
    path: '/management-nodes/ready',
    keys: [],
    async: false,
    access: 'anybody',
    summary: 'Answers once the server is ready',
    answers: { kind: 'empty' },
    // There is one node, so whichever is asked about is this one.
    params: Type.Object({ managementNodeId: Type.Optional(reference) }),
    run: async () => ({}),
  }),
];
