import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { ApiError } from '../errors.ts';
import { reference, shortText } from '../schemas.ts';
import type { ApiCall, ApiDefinition } from '../zstack/definition.ts';
import { defineApi, FileAnswer } from '../zstack/definition.ts';
import { needVm } from './consoles.ts';

/** Digits only: a query string has no numbers. 15 of them are an exact number. */
const offset = Type.String({ pattern: '^\\d{1,15}$', hint: 'must be a place in the record, a whole number' });

type Check = (call: Pick<ApiCall<{ uuid: string }>, 'context' | 'params'>) => Promise<void>;

/** Screenshot and record of one kind of machine. Both can show secrets: an Auditor has them not, and each reading is audited. */
function filesOf(
  kind: 'chassis' | 'vm',
  shape: Pick<ApiDefinition, 'path' | 'access' | 'resourceType'>,
  names: { readonly screenshot: string; readonly log: string },
  check: Check,
): readonly ApiDefinition[] {
  const reading = { ...shape, method: 'GET', keys: [], async: false, effect: 'change' } as const;
  return [
    defineApi({
      ...reading,
      name: names.screenshot,
      path: `${shape.path}/:uuid/console/screenshot`,
      summary: 'A picture of the screen as it is now',
      answers: { kind: 'file', contentType: 'image/png' },
      params: Type.Object({ uuid: reference }),
      async run(call) {
        await check(call);
        const { png } = await call.context.consoles.screenshot(kind, call.params.uuid);
        return new FileAnswer('image/png', png);
      },
    }),
    defineApi({
      ...reading,
      name: names.log,
      path: `${shape.path}/:uuid/console/log`,
      summary: 'What the serial console printed, as far as it is kept or from a place on',
      answers: { kind: 'file', contentType: 'text/plain' },
      params: Type.Object({ uuid: reference, from: Type.Optional(offset) }),
      async run(call) {
        await check(call);
        const { uuid, from } = call.params;
        const pieces = await call.context.consoles.log(
          kind,
          uuid,
          from === undefined ? undefined : Number(from),
        );
        // Whatever encoding the machine prints in, browsers are not to guess it.
        const type = 'text/plain; charset=utf-8';
        return new FileAnswer(type, Readable.from(pieces), `console-${uuid.replaceAll(/\W/g, '')}.log`);
      },
    }),
  ];
}

/** Our own additions: what consoles show, without a viewer. */
export const consoleFileApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'GetBaremetalConsolePicture',
    method: 'GET',
    path: '/baremetal/chassis/:uuid/console/screenshots/:name',
    keys: [],
    async: false,
    access: 'admin',
    effect: 'change',
    summary: 'A picture that was taken while a run stood still, as its timeline names it',
    answers: { kind: 'file', contentType: 'image/png' },
    resourceType: 'BaremetalChassisVO',
    params: Type.Object({ uuid: reference, name: shortText }),
    async run({ context, params }) {
      const png = await context.consolePicture(params.uuid, params.name);
      if (png !== undefined) return new FileAnswer('image/png', png);
      throw new ApiError('not-found', 'there is no such picture; look at the timeline of the chassis');
    },
  }),
  ...filesOf(
    'chassis',
    { path: '/baremetal/chassis', access: 'admin', resourceType: 'BaremetalChassisVO' },
    { screenshot: 'GetBaremetalConsoleScreenshot', log: 'GetBaremetalConsoleLog' },
    async () => {},
  ),
  ...filesOf(
    'vm',
    { path: '/vm-instances', access: 'session', resourceType: 'VmInstanceVO' },
    { screenshot: 'GetVmConsoleScreenshot', log: 'GetVmConsoleLog' },
    needVm,
  ),
];
