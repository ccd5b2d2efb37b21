import type { Clock } from '../../base/clock.ts';
import { authorize, effectOf } from '../auth/authorize.ts';
import type { Caller, Sessions } from '../auth/sessions.ts';
import type { ArgumentChecker } from './arguments.ts';
import type { RequestParts } from './arrange.ts';
import { rawArguments, tagsOf } from './arrange.ts';
import type { Auditor } from './audit.ts';
import type { JsonObject } from './body.ts';
import type { ApiContext, ApiDefinition } from './definition.ts';
import type { TaskProgress } from './progress.ts';

/** One API with the checker of its parameters. */
export type Row = ApiDefinition & { readonly checker: ArgumentChecker };

/** One call of a caller who is known, or of an API that needs none. */
export interface Call {
  readonly row: Row;
  readonly parts: RequestParts;
  readonly caller: Caller | undefined;
  readonly remoteAddress: string;
  /** As in ApiCall. */
  readonly baseUrl: string;
  /** The job of an asynchronous call. */
  readonly jobUuid: string | undefined;
  readonly progress: TaskProgress;
}

/** What running calls needs. */
export interface CallDeps {
  readonly sessions: Sessions;
  readonly auditor: Auditor;
  readonly clock: Clock;
  readonly contextFor: (caller: Caller | undefined, remoteAddress: string | undefined) => ApiContext;
}

/** The parameters as given, for texts about the call: nothing at all where they are no object. */
export function givenArguments(row: Row, parts: RequestParts): JsonObject {
  try {
    return rawArguments(row, parts);
  } catch {
    return {};
  }
}

/** Values of the call's secret parameters, to be kept out of every text. */
export const secretsOf = (row: Row, parts: RequestParts): readonly string[] =>
  row.checker.secretsOf(givenArguments(row, parts));

async function answerOf(
  { row, parts, caller, remoteAddress, baseUrl, progress }: Call,
  context: ApiContext,
): Promise<object> {
  authorize(row, caller);
  const params = row.checker.check(rawArguments(row, parts));
  const systemTags = tagsOf(row, 'systemTags', parts);
  const userTags = tagsOf(row, 'userTags', parts);
  // The product's dry run. What only the domain checks is not checked by it.
  if (row.async && systemTags.includes('validationOnly')) return {};
  const { query } = parts;
  return row.run({ context, params, systemTags, userTags, query, caller, remoteAddress, baseUrl, progress });
}

/** Runs calls: rights, arguments, the work itself, and the audit entry, which is durable before the call is told to have ended. */
export function createCallRunner({
  sessions,
  auditor,
  clock,
  contextFor,
}: CallDeps): (call: Call) => Promise<object> {
  /** Who ends a session is who had it; afterwards nobody can tell. */
  const actorOf = async ({ row, parts, caller }: Call): Promise<Caller | undefined> => {
    const { sessionUuid } = parts.path;
    if (caller !== undefined || row.method !== 'DELETE' || sessionUuid === undefined) return caller;
    return sessions.authenticate(sessionUuid.toLowerCase()).catch(() => undefined);
  };

  return async (call) => {
    const { row, parts, remoteAddress, jobUuid } = call;
    const beganAt = clock.now();
    // Reading that went well is not audited.
    const isQuiet = effectOf(row) === 'read';
    const actor = await actorOf(call);
    const record = (end: { readonly answer: object } | { readonly error: unknown }): Promise<void> => {
      const given = givenArguments(row, parts);
      const tags = Object.fromEntries(
        (['systemTags', 'userTags'] as const).flatMap((name) => {
          const list = tagsOf(row, name, parts);
          return list.length > 0 ? [[name, list]] : [];
        }),
      );
      return auditor.record({
        api: row,
        caller: actor,
        raw: { ...given, ...tags },
        secrets: row.checker.secretsOf(given),
        remoteAddress,
        jobUuid,
        beganAt,
        end,
      });
    };
    try {
      const answer = await answerOf(call, contextFor(call.caller, remoteAddress));
      if (!isQuiet) await record({ answer });
      return answer;
    } catch (error) {
      await record({ error });
      throw error;
    }
  };
}
