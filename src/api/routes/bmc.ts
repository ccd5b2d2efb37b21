import { Type } from 'typebox';
import type { ProvisionService } from '../../provision/index.ts';
import { reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { bmcInventory } from './bmc-inventory.ts';

const path = '/baremetal/chassis/:uuid';
const chassis = { uuid: reference };

const reading = {
  method: 'GET',
  keys: [],
  async: false,
  access: 'admin',
  resourceType: 'BaremetalChassisVO',
} as const;

const texts = Type.Array(Type.String());
const oneInventory = {
  kind: 'members',
  schema: Type.Object({ inventory: Type.Object({}) }),
} as const;

/** A number in a query string. */
const upTo65535 = Type.String({
  pattern: String.raw`^(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$`,
  hint: 'must be a whole number from 0 to 65535',
});

type SelEntry = Awaited<ReturnType<ProvisionService['eventLog']>>['entries'][number];

/** One entry of an event log. A BMC whose clock was not set counts from its start. */
function entryOf({ time, sensor, event, ...entry }: SelEntry): Readonly<Record<string, unknown>> {
  return {
    ...entry,
    sensorType: sensor?.typeName,
    sensorName: sensor?.name,
    sensorNumber: sensor?.number,
    eventData: event?.data,
    date: time.kind === 'clock' ? time.seconds * 1000 : undefined,
    secondsSinceStart: time.kind === 'since-start' ? time.seconds : undefined,
  };
}

/** What BMCs tell. */
export const bmcApis: readonly ApiDefinition[] = [
  defineApi({
    ...reading,
    name: 'GetBaremetalChassisSensors',
    path: `${path}/sensors`,
    summary: 'Reads all sensors of a machine now',
    answers: {
      kind: 'members',
      schema: Type.Object({ inventories: Type.Array(Type.Object({})), problems: texts }),
    },
    params: Type.Object(chassis),
    async run({ context, params }) {
      const { sensors, problems } = await context.service.sensors(params.uuid);
      return { inventories: sensors.map((sensor) => context.render({ ...sensor })), problems };
    },
  }),
  defineApi({
    ...reading,
    name: 'GetBaremetalChassisSel',
    path: `${path}/sel`,
    summary:
      'Reads the newest entries of the system event log, old to new; limit (512) bounds them, since is a record id after which they begin',
    answers: {
      kind: 'members',
      schema: Type.Object({
        inventories: Type.Array(Type.Object({})),
        total: Type.Integer(),
        freeBytes: Type.Integer(),
        overflow: Type.Boolean(),
        olderLeftOut: Type.Boolean(),
        problems: texts,
      }),
    },
    params: Type.Object({ ...chassis, limit: Type.Optional(upTo65535), since: Type.Optional(upTo65535) }),
    async run({ context, params: { uuid, limit, since } }) {
      const { info, entries, olderLeftOut, problems } = await context.service.eventLog(uuid, {
        ...(limit === undefined ? {} : { limit: Number(limit) }),
        ...(since === undefined ? {} : { since: Number(since) }),
      });
      return {
        inventories: entries.map((entry) => context.render(entryOf(entry))),
        total: info.entries,
        freeBytes: info.freeBytes,
        overflow: info.overflow,
        olderLeftOut,
        problems,
      };
    },
  }),
  defineApi({
    ...reading,
    name: 'GetBaremetalChassisFru',
    path: `${path}/fru`,
    summary: 'Reads part and serial numbers of chassis, board and product from the BMC',
    answers: oneInventory,
    params: Type.Object(chassis),
    async run({ context, params }) {
      const { board, ...others } = await context.service.fru(params.uuid);
      if (board === undefined) return { inventory: context.render(others) };
      const { manufacturedAt, ...facts } = board;
      const manufacturedDate = manufacturedAt === undefined ? undefined : manufacturedAt * 1000;
      return { inventory: context.render({ ...others, board: { ...facts, manufacturedDate } }) };
    },
  }),
  defineApi({
    ...reading,
    name: 'GetBaremetalChassisBmc',
    path: `${path}/bmc`,
    summary:
      'Shows what is known of a BMC without asking it: power state and its age, session, last error, lock-out, measured profile',
    answers: oneInventory,
    params: Type.Object(chassis),
    run: async ({ context, params }) => ({ inventory: await bmcInventory(context, params.uuid) }),
  }),
];
