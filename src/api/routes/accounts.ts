import { Type } from 'typebox';
import { reference, secret } from '../schemas.ts';
import { defineApi } from '../zstack/definition.ts';

const sessionParams = Type.Object({ sessionUuid: reference });

/** Login and sessions; none needs an Authorization header. */
export const accountApis = [
  defineApi({
    name: 'LogInByAccount',
    method: 'PUT',
    path: '/accounts/login',
    // The manual's chapter 2 prints logIn, its reference and the product logInByAccount.
    keys: ['logInByAccount', 'logIn'],
    async: false,
    access: 'anybody',
    params: Type.Object({ accountName: Type.String({ minLength: 1, maxLength: 255 }), password: secret }),
    async run({ context, params, remoteAddress }) {
      const session = await context.sessions.logIn(params.accountName, params.password, remoteAddress);
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
    params: sessionParams,
    run: async ({ context, params }) => ({ valid: await context.sessions.isValid(params.sessionUuid) }),
  }),
];
