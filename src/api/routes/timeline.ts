import { Type } from 'typebox';
import { reference } from '../schemas.ts';
import { defineApi } from '../zstack/definition.ts';

/** Our own additions: what a machine did while booting, and machines nobody knows. Times are ms since the epoch and as text. */
export const timelineApis = [
  defineApi({
    name: 'GetBaremetalChassisTimeline',
    method: 'GET',
    path: '/baremetal/chassis/:uuid/timeline',
    keys: [],
    async: false,
    access: 'admin',
    summary: 'Shows what a machine did in its newest run',
    answers: { kind: 'members', schema: Type.Object({ inventory: Type.Optional(Type.Object({})) }) },
    params: Type.Object({ uuid: reference }),
    async run({ context, params }) {
      const found = await context.service.timeline(params.uuid);
      if (found === undefined) return {};
      const { run, entries } = found;
      // Named one by one: a run also has tokens that open its boot files.
      const inventory = {
        uuid: run.uuid,
        chassisUuid: run.chassisUuid,
        pxeServerUuid: run.pxeServerUuid,
        kind: run.kind,
        stage: run.stage,
        cause: run.cause,
        mac: run.mac,
        address: run.address,
        firmware: run.firmware,
        evidence: run.evidence,
        startedAt: run.startedAt,
        startDate: run.startedAt,
        stageSince: run.stageSince,
        endedAt: run.endedAt,
        endDate: run.endedAt,
        entries: entries.map(({ at, step, text, bytes }) => ({ at, date: at, step, text, bytes })),
      };
      return { inventory: context.render(inventory) };
    },
  }),
  defineApi({
    name: 'GetBaremetalSeenMachines',
    method: 'GET',
    path: '/baremetal/seen-machines',
    keys: [],
    async: false,
    access: 'admin',
    summary: 'Lists machines that asked for a boot and that nobody knows',
    answers: { kind: 'members', schema: Type.Object({ inventories: Type.Array(Type.Object({})) }) },
    params: Type.Object({}),
    async run({ context }) {
      const machines = await context.service.seenMachines();
      const inventories = machines.map((machine) =>
        context.render({ ...machine, firstSeenDate: machine.firstSeen, lastSeenDate: machine.lastSeen }),
      );
      return { inventories };
    },
  }),
];
