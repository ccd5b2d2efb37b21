import { describe, expect, it } from 'vitest';
import { attachPciDevice } from '../../../src/iommu/attach/attach.ts';
import { detachPciDevice } from '../../../src/iommu/attach/detach.ts';
import { disagreements, killedDuring, moments, victims } from '../../support/iommu-kills.ts';
import {
  audio,
  createIommuWorld,
  domainOf,
  gpu,
  type IommuWorld,
  usualPci,
  vmA,
  vmB,
} from '../../support/iommu-world.ts';

const verbs = { attach: attachPciDevice, detach: detachPciDevice } as const;
const vmKinds = {
  running: { running: true, persistent: true },
  stopped: { running: false, persistent: true },
  transient: { running: true, persistent: false },
} as const;

/** The host with the group where it is before the verb: with the host, or in the VM. */
async function worldBefore(verb: keyof typeof verbs, kind: keyof typeof vmKinds): Promise<IommuWorld> {
  const world = createIommuWorld(usualPci(), [domainOf(vmA, vmKinds[kind]), domainOf(vmB)]);
  await world.settle();
  if (verb === 'detach') await run(world, 'attach');
  return world;
}

function run(world: IommuWorld, verb: keyof typeof verbs): Promise<void> {
  return verbs[verb](world.deps, world.device(audio).uuid, vmA, () => undefined);
}

describe.each(Object.keys(vmKinds) as (keyof typeof vmKinds)[])('a group of two and a %s VM', (kind) => {
  it.each(
    (['attach', 'detach'] as const).flatMap((verb) =>
      victims.flatMap((victim) => moments.map((moment) => ({ verb, victim, moment }))),
    ),
  )('$verb, $victim dies $moment any command', async ({ verb, victim, moment }) => {
    for (let position = 0; ; position++) {
      const world = await worldBefore(verb, kind);
      world.shell.killAt(position, moment);
      const end = await killedDuring(world, () => run(world, verb), victim);
      expect({ position, wrong: disagreements(world) }).toEqual({ position, wrong: [] });
      if (end === 'done') {
        expect(position).toBeGreaterThanOrEqual(4);
        break;
      }
      // A second try must work from wherever the first one ended.
      await run(world, verb);
      expect({ position, wrong: disagreements(world) }).toEqual({ position, wrong: [] });
      expect(world.device(gpu).vmInstanceUuid).toBe(verb === 'attach' ? vmA : undefined);
    }
  });

  it.each(
    (['attach', 'detach'] as const).flatMap((verb) =>
      (['before', 'after'] as const).map((moment) => ({ verb, moment })),
    ),
  )('$verb, the process dies $moment any write', async ({ verb, moment }) => {
    for (let position = 0; ; position++) {
      const world = await worldBefore(verb, kind);
      world.freezeAtWrite(position, moment);
      let frozen = false;
      void world.frozen().then(() => {
        frozen = true;
      });
      await Promise.race([run(world, verb), world.frozen()]);
      world.boot();
      world.reconnect();
      await world.settle();
      expect({ position, wrong: disagreements(world) }).toEqual({ position, wrong: [] });
      if (!frozen) {
        expect(position).toBeGreaterThanOrEqual(3);
        break;
      }
    }
  });
});
