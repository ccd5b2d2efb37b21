import { getUserAccess, type GetUserAccessReply } from './commands/app/user-access.ts';
import { getUserName } from './commands/app/user-name.ts';
import type { Execute } from './execute.ts';
import { completionCodeOf } from './sdr/read-pieces.ts';

/** A user of a BMC on a channel. */
export interface BmcUser
  extends Pick<
    GetUserAccessReply,
    'enabled' | 'callbackOnly' | 'linkAuthentication' | 'ipmiMessaging' | 'privilege'
  > {
  readonly id: number;
  /** Empty: the user without name, or an id that is not in use. */
  readonly name: string;
}

/** Users of a channel with the counts that the BMC tells. */
export interface BmcUsers {
  readonly maxUsers: number;
  readonly enabledUsers: number;
  readonly users: readonly BmcUser[];
}

/**
 * Lists the users (up to 63) of a channel; ids that the BMC refuses are left out. Needs operator privilege on many boards. Rejects with
 * IpmiError. IPMI 2.0 §22.27, §22.29
 */
export async function readUsers(execute: Execute, channel: number): Promise<BmcUsers> {
  const first = await execute(getUserAccess, { channel, userId: 1 });
  const users: BmcUser[] = [];
  for (let id = 1; id <= first.maxUsers; id++) {
    const access = id === 1 ? first : await orNothing(execute(getUserAccess, { channel, userId: id }));
    if (access === undefined) continue;
    // The name of an id that was never used is refused by some boards.
    const name = (await orNothing(execute(getUserName, id))) ?? '';
    const { enabled, callbackOnly, linkAuthentication, ipmiMessaging, privilege } = access;
    users.push({ id, name, enabled, callbackOnly, linkAuthentication, ipmiMessaging, privilege });
  }
  return { maxUsers: first.maxUsers, enabledUsers: first.enabledUsers, users };
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (completionCodeOf(error) === undefined) throw error;
    return undefined;
  }
}
