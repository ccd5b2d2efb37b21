import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import { newUuid, parseUuid, type Uuid } from '../../base/uuid.ts';
import { IommuError } from '../errors.ts';
import type { PciDeviceOffering } from '../model.ts';
import type { IommuStore } from '../ports.ts';
import type { IommuService } from '../service.ts';
import { optionalPciId, pciId } from './ids.ts';

const types = ['GPU_Video', 'GPU_Audio', 'Generic'] as const satisfies readonly PciDeviceOffering['type'][];

/** Offerings: which devices a template means, by their ids. */
export function createOfferings(deps: {
  readonly store: Pick<
    IommuStore,
    'savePciDeviceOffering' | 'getPciDeviceOffering' | 'deletePciDeviceOffering'
  >;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): Pick<IommuService, 'createPciDeviceOffering' | 'deletePciDeviceOffering'> {
  const { store, clock, random } = deps;
  return {
    async createPciDeviceOffering(input) {
      const now = clock.now();
      const offering: PciDeviceOffering = {
        uuid: uuidOf(input.resourceUuid, random),
        name: nameOf(input.name),
        description: input.description,
        type: typeOf(input.type),
        vendorId: pciId('vendorId', input.vendorId),
        deviceId: pciId('deviceId', input.deviceId),
        subvendorId: optionalPciId('subvendorId', input.subvendorId),
        subdeviceId: optionalPciId('subdeviceId', input.subdeviceId),
        createDate: now,
        lastOpDate: now,
      };
      if ((await store.getPciDeviceOffering(offering.uuid)) !== undefined)
        throw new IommuError('conflict', `resourceUuid ${offering.uuid} is taken; choose another one`);
      await store.savePciDeviceOffering(offering);
      return offering.uuid;
    },
    deletePciDeviceOffering: (uuid) => store.deletePciDeviceOffering(uuid),
  };
}

function uuidOf(wish: string | undefined, random: RandomBytes): Uuid {
  if (wish === undefined || wish === '') return newUuid(random);
  const uuid = parseUuid(wish);
  if (uuid === undefined) throw invalid('resourceUuid', 'must be a uuid of 32 hex digits without dashes');
  return uuid;
}

function nameOf(wish: string): string {
  const name = wish.trim();
  if (name === '' || name.length > 255) throw invalid('name', 'must have 1 to 255 characters');
  return name;
}

function typeOf(wish: string | undefined): PciDeviceOffering['type'] {
  if (wish === undefined || wish === '') return 'Generic';
  const type = types.find((one) => one === wish);
  if (type === undefined) throw invalid('type', `must be one of ${types.join(', ')}`);
  return type;
}

function invalid(parameter: string, text: string): IommuError {
  return new IommuError('invalid-argument', `${parameter}: ${text}`, { data: { parameter } });
}
