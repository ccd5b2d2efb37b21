import { createHash } from 'node:crypto';
import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import { checkName, checkResourceUuid, takenUuid } from '../checks.ts';
import type { StackTemplate } from '../model.ts';
import type { CatalogueService } from '../service.ts';
import type { CatalogueDeps } from './create.ts';
import { checkTemplate } from './template/check.ts';

type StackTemplates = Pick<CatalogueService, 'addStackTemplate' | 'deleteStackTemplate'>;

/** CloudFormation templates: checked, kept byte for byte, handed out. */
export function createStackTemplates({ store, clock, random }: CatalogueDeps): StackTemplates {
  const turns = createTurns();
  return {
    async addStackTemplate({ resourceUuid, name, description, templateContent }) {
      const now = clock.now();
      const template: StackTemplate = {
        uuid: checkResourceUuid(resourceUuid, random),
        name: checkName(name),
        description,
        type: 'zstack',
        version: checkTemplate(templateContent).version,
        state: true,
        content: templateContent,
        md5sum: createHash('md5').update(templateContent, 'utf8').digest('hex'),
        createDate: now,
        lastOpDate: now,
      };
      await turns(template.uuid, async () => {
        if ((await store.getStackTemplate(template.uuid)) !== undefined) throw takenUuid(template.uuid);
        await store.saveStackTemplate(template);
      });
      return template.uuid;
    },
    deleteStackTemplate: (uuid) => turns(uuid as Uuid, () => store.deleteStackTemplate(uuid)),
  };
}
