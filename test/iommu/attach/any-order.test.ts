import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachPciDevice } from '../../../src/iommu/attach/attach.ts';
import { detachPciDevice } from '../../../src/iommu/attach/detach.ts';
import { IommuError } from '../../../src/iommu/index.ts';
import { cases } from '../../support/cases.ts';
import { disagreements, killedDuring, moments, victims } from '../../support/iommu-kills.ts';
import {
  audio,
  createIommuWorld,
  domainOf,
  gpu,
  type IommuWorld,
  nic,
  usualPci,
  vmA,
  vmB,
} from '../../support/iommu-world.ts';

const address = fc.constantFrom(gpu, audio, nic);
const vm = fc.constantFrom(vmA, vmB);
const kill = fc.option(
  fc.record({ at: fc.nat(9), moment: fc.constantFrom(...moments), victim: fc.constantFrom(...victims) }),
  { nil: undefined },
);
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('attach', 'detach'), address, vm, kill }),
  fc.record({ kind: fc.constantFrom('start', 'stop', 'guest', 'outside-in', 'outside-out', 'restart'), vm }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(world: IommuWorld, one: Step): Promise<void> {
  const domain = world.model.domains.get(one.vm);
  if (domain === undefined) throw new Error('persistent domains stay');
  if ('address' in one) {
    const { uuid } = world.device(one.address);
    const verb = one.kind === 'attach' ? attachPciDevice : detachPciDevice;
    const work = (): Promise<void> => verb(world.deps, uuid, one.vm, () => undefined);
    if (one.kill === undefined) {
      // Refusals are fine; anything else than this room's words is not.
      await work().catch((error: unknown) => expect(error).toBeInstanceOf(IommuError));
      return;
    }
    world.shell.killAt(one.kill.at, one.kill.moment);
    world.shell.killAnswer = undefined;
    await killedDuring(world, work, one.kill.victim);
    return;
  }
  const held = [...world.model.domains.values()].some((d) => [...d.config, ...d.live].includes(nic));
  if (one.kind === 'start' && !domain.running) world.model.start(one.vm);
  if (one.kind === 'stop' && domain.running) world.model.stop(one.vm);
  if (one.kind === 'guest') domain.answers = !domain.answers;
  if (one.kind === 'restart') world.boot();
  if (one.kind === 'outside-in' && !held) {
    domain.config.push(nic);
    if (domain.running) world.model.start(one.vm);
  }
  if (one.kind === 'outside-out') {
    domain.config = domain.config.filter((a) => a !== nic);
    domain.live = domain.live.filter((a) => a !== nic);
  }
  await world.settle();
}

it('agrees with the host after any course of commands, deaths and changes from outside', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const world = createIommuWorld(usualPci(), [domainOf(vmA), domainOf(vmB, { running: false })]);
      await world.settle();
      for (const one of steps) await take(world, one);
      // Guests that keep a device give it up when they stop.
      for (const [uuid, { running, answers }] of world.model.domains)
        if (running && !answers) world.model.stop(uuid);
      await world.settle();
      expect(disagreements(world)).toEqual([]);
    }),
    { numRuns: cases(800) },
  );
});
