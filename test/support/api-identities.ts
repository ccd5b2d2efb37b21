import type { LightMyRequestResponse } from 'fastify';
import type { ApiWorld } from './api-world.ts';
import { callApi } from './api-world.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
/** Calls of one caller: follows a job to its end. */
export type Call = (method: Method, path: string, payload?: object) => Promise<LightMyRequestResponse>;

/** Somebody with a session. */
export interface Identity {
  readonly uuid: string;
  readonly session: string;
  readonly call: Call;
}

const uuidIn = (answer: LightMyRequestResponse): string => {
  const { inventory } = answer.json<{ inventory?: { uuid: string } }>();
  if (inventory === undefined) throw new Error(`no inventory: ${answer.body}`);
  return inventory.uuid;
};

const callerWith =
  (world: ApiWorld, session: string): Call =>
  (method, path, payload) =>
    callApi({ ...world, authorization: `OAuth ${session}` }, method, path, payload);

/** Another session of an account. */
export async function accountSession(world: ApiWorld, name: string, password: string): Promise<Identity> {
  const payload = { logInByAccount: { accountName: name, password } };
  const login = await world.api.inject({ method: 'PUT', url: '/v1/accounts/login', payload });
  const session = uuidIn(login);
  const { accountUuid } = login.json<{ inventory: { accountUuid: string } }>().inventory;
  return { uuid: accountUuid, session, call: callerWith(world, session) };
}

/** Another session of a user. */
export async function userSession(
  world: ApiWorld,
  accountName: string,
  userName: string,
  password: string,
): Promise<Identity> {
  const payload = { logInByUser: { accountName, userName, password } };
  const login = await world.api.inject({ method: 'PUT', url: '/v1/accounts/users/login', payload });
  const session = uuidIn(login);
  const { userUuid } = login.json<{ inventory: { userUuid: string } }>().inventory;
  return { uuid: userUuid, session, call: callerWith(world, session) };
}

/** A new account with a session; the administrator makes it. */
export async function newAccount(
  world: ApiWorld,
  name: string,
  type: 'SystemAdmin' | 'Normal' = 'Normal',
): Promise<Identity> {
  const password = `Canary-of-${name}`;
  uuidIn(await callApi(world, 'POST', '/accounts', { params: { name, password, type } }));
  return accountSession(world, name, password);
}

/** A new user of an account, with a session. */
export async function newUser(
  world: ApiWorld,
  owner: { readonly call: Call; readonly accountName: string },
  name: string,
  kind: 'Normal' | 'Auditor' = 'Normal',
): Promise<Identity> {
  const password = `Canary-of-${name}`;
  uuidIn(await owner.call('POST', '/accounts/users', { params: { name, password, kind } }));
  return userSession(world, owner.accountName, name, password);
}

/** The administrator of a world. */
export const adminOf = (world: ApiWorld): { readonly call: Call; readonly accountName: string } => ({
  call: callerWith(world, world.session),
  accountName: 'admin',
});

/** Status and error code of an answer; the code is undefined for a success. */
export function verdict(answer: LightMyRequestResponse): { status: number; code: string | undefined } {
  const { error } = answer.body === '' ? {} : answer.json<{ error?: { code: string } }>();
  return { status: answer.statusCode, code: error?.code };
}
