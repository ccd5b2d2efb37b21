import type { Command } from '../command.ts';
import {
  callWithProgress,
  findOne,
  inventoryOf,
  neededOption,
  textOf,
  textOption,
  wordAt,
} from '../command.ts';
import { renderFields, renderTable } from '../output.ts';

const path = '/baremetal/images';
const columns = ['name', 'uuid', 'kind', 'status', 'size', 'url', 'statusCause'];

export const imageCommands: readonly Command[] = [
  {
    name: 'image list',
    usage: 'image list',
    about: 'images that machines are installed from',
    async run({ client, show }) {
      const inventories = await client.list(path);
      show({ inventories }, () => renderTable(columns, inventories));
    },
  },
  {
    name: 'image add',
    usage:
      'image add --name NAME --url URL [--kind iso|directory|redirect] [--sha256 SUM] [--kernel PATH --initrd PATH] [--argument ARG ...]',
    about: 'add an ISO or directory of the server (file:///...), or a mirror (http://...)',
    options: {
      name: { type: 'string' },
      url: { type: 'string' },
      kind: { type: 'string' },
      sha256: { type: 'string' },
      kernel: { type: 'string' },
      initrd: { type: 'string' },
      argument: { type: 'string', multiple: true },
    },
    async run(context) {
      const { argument } = context.options;
      const params = {
        name: neededOption(context, 'name'),
        url: neededOption(context, 'url'),
        kind: textOption(context, 'kind'),
        checksum: textOption(context, 'sha256'),
        kernel: textOption(context, 'kernel'),
        initrd: textOption(context, 'initrd'),
        ...(Array.isArray(argument) ? { kernelArguments: argument.map(String) } : {}),
      };
      const answer = await callWithProgress(context, 'image add', 'POST', path, { params });
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  {
    name: 'image delete',
    usage: 'image delete <name|uuid>',
    about: 'forget an image; its file stays',
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of an image');
      const uuid = textOf(await findOne(context.client, path, 'image', wanted), 'uuid');
      const answer = await callWithProgress(context, 'image delete', 'DELETE', `${path}/${uuid}`);
      context.show(answer, () => `${wanted}: deleted`);
    },
  },
];
