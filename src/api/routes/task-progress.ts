import { Type } from 'typebox';
import { isAdmin } from '../auth/roles.ts';
import { flag } from '../schemas.ts';
import type { ApiContext } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import type { ProgressLine } from '../ports.ts';
import { currentState, everyLine } from '../zstack/progress-view.ts';
import { linkOf, withRun } from '../zstack/run-progress.ts';

/** The lines with the live state of the run that the call began, while that is still the chassis' newest one. */
async function followed(
  context: ApiContext,
  lines: readonly ProgressLine[],
): Promise<readonly ProgressLine[]> {
  const link = linkOf(lines);
  if (link === undefined) return lines;
  // A chassis that was deleted since has no timeline; what the call told is still true.
  const seen = await context.service.timeline(link.chassisUuid).catch(() => undefined);
  return seen?.run.uuid === link.runUuid ? withRun(lines, seen) : lines;
}

/** Progress of asynchronous calls. */
export const taskProgressApis = [
  defineApi({
    name: 'GetTaskProgress',
    method: 'GET',
    path: '/task-progresses/:apiId',
    keys: [],
    async: false,
    access: 'session',
    summary: 'Shows how far a job is, or with all=true everything that it told; kept one day',
    answers: {
      kind: 'members',
      schema: Type.Object({
        inventories: Type.Array(
          Type.Object({
            taskUuid: Type.String(),
            taskName: Type.String(),
            parentUuid: Type.Optional(Type.String()),
            type: Type.Enum(['Task', 'Progress']),
            content: Type.String(),
            percent: Type.Optional(Type.Integer()),
            opaque: Type.Optional(Type.Object({})),
            time: Type.Integer(),
            subTasks: Type.Optional(Type.Array(Type.Object({}))),
          }),
        ),
      }),
    },
    params: Type.Object({
      apiId: Type.String({ pattern: '^[0-9a-f]{32}$', hint: 'must be the uuid of a job: 32 hex digits' }),
      all: Type.Optional(flag),
    }),
    async run({ context, params, caller }) {
      const { apiId, all } = params;
      const mayRead =
        caller !== undefined &&
        (isAdmin(caller) || (await context.progress.ownerOf(apiId)) === caller.account.uuid);
      if (!mayRead) return { inventories: [] };
      const lines = await followed(context, await context.progress.linesOf(apiId));
      return { inventories: all === true ? everyLine(lines) : currentState(lines) };
    },
  }),
];
