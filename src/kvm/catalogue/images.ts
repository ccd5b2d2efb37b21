import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import { badArgument, checkName, checkResourceUuid, notFound, takenUuid } from '../checks.ts';
import type { Image } from '../model.ts';
import type { CatalogueService } from '../service.ts';
import type { CatalogueDeps } from './create.ts';
import { checkImageUrl } from './image-url.ts';

type Images = Pick<CatalogueService, 'addImage' | 'updateImage' | 'changeImageState' | 'deleteImage'>;

const formats = ['raw', 'qcow2', 'iso'] as const satisfies readonly Image['format'][];

function readFormat(text: string): Image['format'] {
  const format = formats.find((one) => one === text);
  if (format === undefined) throw badArgument('format', `must be one of ${formats.join(', ')}`);
  return format;
}

/** ISO and iso come together: a disk is not put into a CD-ROM drive, nor the other way round. */
function checkMedia(format: Image['format'], wish: Image['mediaType'] | undefined): Image['mediaType'] {
  const mediaType = wish ?? (format === 'iso' ? 'ISO' : 'RootVolumeTemplate');
  if ((mediaType === 'ISO') !== (format === 'iso')) {
    const text =
      format === 'iso'
        ? `${mediaType} does not go with format iso; use ISO, or format raw or qcow2`
        : `ISO does not go with format ${format}; use format iso, or RootVolumeTemplate or DataVolumeTemplate`;
    throw badArgument('mediaType', text);
  }
  return mediaType;
}

/** Disk images and ISOs: files that lie on the hosts. No file is read here. */
export function createImages({ store, clock, random }: CatalogueDeps): Images {
  const turns = createTurns();

  function change(
    uuid: string,
    members: Partial<Pick<Image, 'name' | 'description' | 'guestOsType' | 'platform' | 'state'>>,
  ) {
    return turns(uuid as Uuid, async () => {
      const image = await store.getImage(uuid);
      if (image === undefined) throw notFound('image', uuid, 'QueryImage');
      await store.saveImage({ ...image, ...members, lastOpDate: clock.now() });
    });
  }

  return {
    async addImage(input) {
      const now = clock.now();
      const format = readFormat(input.format);
      const image: Image = {
        uuid: checkResourceUuid(input.resourceUuid, random),
        name: checkName(input.name),
        description: input.description,
        url: checkImageUrl(input.url),
        mediaType: checkMedia(format, input.mediaType),
        format,
        platform: input.platform,
        guestOsType: input.guestOsType,
        type: 'zstack',
        system: input.system ?? false,
        state: 'Enabled',
        status: 'Ready',
        size: undefined,
        actualSize: undefined,
        md5Sum: undefined,
        createDate: now,
        lastOpDate: now,
      };
      await turns(image.uuid, async () => {
        if ((await store.getImage(image.uuid)) !== undefined) throw takenUuid(image.uuid);
        await store.saveImage(image);
      });
      return image.uuid;
    },
    async updateImage(uuid, { name, description, guestOsType, platform }) {
      await change(uuid, {
        ...(name === undefined ? {} : { name: checkName(name) }),
        ...(description === undefined ? {} : { description }),
        ...(guestOsType === undefined ? {} : { guestOsType }),
        ...(platform === undefined ? {} : { platform }),
      });
    },
    changeImageState: (uuid, event) => change(uuid, { state: event === 'enable' ? 'Enabled' : 'Disabled' }),
    deleteImage: (uuid) => turns(uuid as Uuid, () => store.deleteImage(uuid)),
  };
}
