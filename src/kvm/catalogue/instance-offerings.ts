import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import { badArgument, checkName, checkResourceUuid, hasControls, notFound, takenUuid } from '../checks.ts';
import type { InstanceOffering } from '../model.ts';
import type { CatalogueService } from '../service.ts';
import type { CatalogueDeps } from './create.ts';

/** QEMU's smallest machine that still starts firmware. */
const minMemory = 16 * 1024 * 1024;

type Offerings = Pick<
  CatalogueService,
  | 'createInstanceOffering'
  | 'updateInstanceOffering'
  | 'changeInstanceOfferingState'
  | 'deleteInstanceOffering'
>;

function checkSizes({ cpuNum, memorySize }: { cpuNum: number; memorySize: number }): void {
  if (!Number.isSafeInteger(cpuNum) || cpuNum < 1) {
    throw badArgument('cpuNum', 'must be a whole number of CPUs, at least 1');
  }
  if (!Number.isSafeInteger(memorySize) || memorySize < minMemory) {
    throw badArgument(
      'memorySize',
      `must be a whole number of bytes, at least ${minMemory} (16 MiB); 1 GiB is 1073741824`,
    );
  }
}

function checkWord(parameter: string, word: string | undefined): string | undefined {
  if (word === undefined || word === '') return undefined;
  if (word.length > 255 || hasControls(word)) {
    throw badArgument(parameter, 'must have at most 255 characters and no control characters');
  }
  return word;
}

/** Sizes of VMs. */
export function createInstanceOfferings({ store, clock, random }: CatalogueDeps): Offerings {
  const turns = createTurns();

  function change(uuid: string, members: Partial<Pick<InstanceOffering, 'name' | 'description' | 'state'>>) {
    return turns(uuid as Uuid, async () => {
      const offering = await store.getInstanceOffering(uuid);
      if (offering === undefined) throw notFound('instance offering', uuid, 'QueryInstanceOffering');
      await store.saveInstanceOffering({ ...offering, ...members, lastOpDate: clock.now() });
    });
  }

  return {
    async createInstanceOffering(input) {
      checkSizes(input);
      const now = clock.now();
      if (input.sortKey !== undefined && !Number.isSafeInteger(input.sortKey)) {
        throw badArgument('sortKey', 'must be a whole number');
      }
      const offering: InstanceOffering = {
        uuid: checkResourceUuid(input.resourceUuid, random),
        name: checkName(input.name),
        description: input.description,
        cpuNum: input.cpuNum,
        cpuSpeed: undefined,
        memorySize: input.memorySize,
        type: checkWord('type', input.type) ?? 'UserVm',
        allocatorStrategy: checkWord('allocatorStrategy', input.allocatorStrategy),
        sortKey: input.sortKey,
        state: 'Enabled',
        createDate: now,
        lastOpDate: now,
      };
      await turns(offering.uuid, async () => {
        if ((await store.getInstanceOffering(offering.uuid)) !== undefined) throw takenUuid(offering.uuid);
        await store.saveInstanceOffering(offering);
      });
      return offering.uuid;
    },
    async updateInstanceOffering(uuid, { name, description }) {
      await change(uuid, {
        ...(name === undefined ? {} : { name: checkName(name) }),
        ...(description === undefined ? {} : { description }),
      });
    },
    changeInstanceOfferingState: (uuid, event) =>
      change(uuid, { state: event === 'enable' ? 'Enabled' : 'Disabled' }),
    deleteInstanceOffering: (uuid) => turns(uuid as Uuid, () => store.deleteInstanceOffering(uuid)),
  };
}
