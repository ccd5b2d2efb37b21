import { Type } from 'typebox';
import { reference, secret, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

const sessionParams = Type.Object({ sessionUuid: reference });

const sessionAnswer = {
  kind: 'members',
  schema: Type.Object({
    inventory: Type.Object({
      uuid: Type.String(),
      accountUuid: Type.String(),
      userUuid: Type.String(),
      expiredDate: Type.String(),
      createDate: Type.String(),
    }),
  }),
} as const;

/** Login and sessions; none needs an Authorization header. */
export const sessionApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'LogInByAccount',
    method: 'PUT',
    path: '/accounts/login',
    // The manual's chapter 2 prints logIn, its reference and the product logInByAccount.
    keys: ['logInByAccount', 'logIn'],
    async: false,
    access: 'anybody',
    summary: 'Begins a session of an account',
    answers: sessionAnswer,
    params: Type.Object({ accountName: shortText, password: secret }),
    async run({ context, params, remoteAddress }) {
      const session = await context.sessions.logIn(params.accountName, params.password, remoteAddress);
      return { inventory: context.render({ ...session }) };
    },
  }),
  defineApi({
    name: 'LogInByUser',
    method: 'PUT',
    path: '/accounts/users/login',
    keys: ['logInByUser'],
    async: false,
    access: 'anybody',
    summary: 'Begins a session of a user; accountUuid or accountName says whose user',
    answers: sessionAnswer,
    params: Type.Object({
      accountUuid: Type.Optional(reference),
      accountName: Type.Optional(shortText),
      userName: shortText,
      password: secret,
    }),
    async run({ context, params, remoteAddress }) {
      const session = await context.sessions.logInByUser(params, remoteAddress);
      return { inventory: context.render({ ...session }) };
    },
  }),
  defineApi({
    name: 'LogOut',
    method: 'DELETE',
    path: '/accounts/sessions/:sessionUuid',
    keys: [],
    async: false,
    access: 'anybody',
    summary: 'Ends a session',
    answers: { kind: 'empty' },
    params: sessionParams,
    async run({ context, params }) {
      await context.sessions.logOut(params.sessionUuid);
      return {};
    },
  }),
  defineApi({
    name: 'ValidateSession',
    method: 'GET',
    path: '/accounts/sessions/:sessionUuid/valid',
    keys: [],
    async: false,
    access: 'anybody',
    summary: 'Says whether a session is alive',
    answers: { kind: 'members', schema: Type.Object({ valid: Type.Boolean() }) },
    params: sessionParams,
    run: async ({ context, params }) => ({ valid: await context.sessions.isValid(params.sessionUuid) }),
  }),
];
