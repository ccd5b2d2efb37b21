import { Type } from 'typebox';
import { flag, list, reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { bmcInventory } from './bmc-inventory.ts';

const chassis = { uuid: reference };

const action = {
  method: 'PUT',
  path: '/baremetal/chassis/:uuid/actions',
  async: true,
  access: 'admin',
  resourceType: 'BaremetalChassisVO',
} as const;

/** What is done with BMCs beside power. */
export const bmcActionApis: readonly ApiDefinition[] = [
  defineApi({
    ...action,
    name: 'IdentifyBaremetalChassis',
    keys: ['identifyBaremetalChassis'],
    summary: 'Lights the identify lamp of a machine: 15 seconds, or until it is told 0 seconds with force',
    answers: { kind: 'empty' },
    params: Type.Object({
      ...chassis,
      seconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 255, hint: 'must be a whole number from 0 to 255' }),
      ),
      force: Type.Optional(flag),
    }),
    async run({ context, params: { uuid, seconds = 15, force = false } }) {
      await context.service.identifyLight(uuid, { seconds, force });
      return {};
    },
  }),
  defineApi({
    ...action,
    name: 'ClearBaremetalChassisSel',
    keys: ['clearBaremetalChassisSel'],
    summary: 'Empties the system event log of a machine',
    answers: { kind: 'empty' },
    params: Type.Object(chassis),
    async run({ context, params, progress }) {
      progress.report('the BMC erases its event log');
      await context.service.clearEventLog(params.uuid);
      return {};
    },
  }),
  defineApi({
    ...action,
    name: 'ResetBaremetalChassisBmc',
    keys: ['resetBaremetalChassisBmc'],
    summary: 'Restarts a BMC, not its machine; Cold may lose settings of the BMC',
    answers: { kind: 'empty' },
    params: Type.Object({ ...chassis, kind: Type.Enum(['Cold', 'Warm']) }),
    async run({ context, params: { uuid, kind } }) {
      await context.service.resetBmc(uuid, kind);
      return {};
    },
  }),
  defineApi({
    ...action,
    name: 'MeasureBaremetalChassisBmc',
    keys: ['measureBaremetalChassisBmc'],
    summary:
      'Measures how a BMC wants to be treated; with probeBoot also what it makes of boot flags, which a machine that starts meanwhile would follow',
    answers: { kind: 'members', schema: Type.Object({ inventory: Type.Object({}) }) },
    params: Type.Object({ ...chassis, probeBoot: Type.Optional(flag) }),
    async run({ context, params: { uuid, probeBoot = false }, progress }) {
      progress.report('measuring the BMC');
      await context.service.measureBmc(uuid, { probeBoot });
      return { inventory: await bmcInventory(context, uuid) };
    },
  }),
  defineApi({
    ...action,
    name: 'ReleaseBaremetalChassisBmc',
    keys: ['releaseBaremetalChassisBmc'],
    summary: 'Allows another login to a BMC after failed ones ended all tries',
    answers: { kind: 'empty' },
    params: Type.Object(chassis),
    async run({ context, params }) {
      await context.service.releaseBmc(params.uuid);
      return {};
    },
  }),
  defineApi({
    method: 'PUT',
    path: '/baremetal/bmcs/actions',
    name: 'ScanBaremetalBmcs',
    keys: ['scanBaremetalBmcs'],
    async: true,
    access: 'admin',
    summary:
      'Looks for BMCs in addresses, ranges and networks, and tries the credentials on them, each user once and two users at most unless thorough',
    answers: {
      kind: 'members',
      schema: Type.Object({
        inventories: Type.Array(Type.Object({})),
        csv: Type.String(),
        total: Type.Integer(),
        complete: Type.Boolean(),
      }),
    },
    params: Type.Object({
      ranges: list,
      port: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 65_535, hint: 'must be a whole number from 1 to 65535' }),
      ),
      // Names too: what the list has is nobody's business but the caller's.
      credentials: Type.Optional(
        Type.Array(
          Type.Object({
            username: Type.String({ maxLength: 16 }),
            password: Type.String({ maxLength: 20 }),
          }),
          {
            maxItems: 16,
            secret: true,
            hint: 'must be a list of at most 16 objects with username (up to 16 characters) and password (up to 20)',
          },
        ),
      ),
      thorough: Type.Optional(flag),
      packetsPerSecond: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 10_000, hint: 'must be a whole number from 1 to 10000' }),
      ),
    }),
    async run({ context, params, progress }) {
      const { rows, csv, total, complete } = await context.service.scanBmcs(params, (scan) => {
        const percent = scan.total === 0 ? 100 : (scan.done / scan.total) * 100;
        progress.report(`${scan.done} of ${scan.total} addresses, ${scan.found} BMCs found`, percent);
      });
      return { inventories: rows.map((row) => context.render({ ...row })), csv, total, complete };
    },
  }),
];
