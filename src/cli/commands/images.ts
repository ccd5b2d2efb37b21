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

/** The server gives up first. */
const longestDownloadMs = 13 * 3_600_000;

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
    about:
      'add an ISO or directory of the server (file:///...), an ISO to download (http(s)://....iso), or a mirror',
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
      const waiting = { timeoutMs: longestDownloadMs };
      const answer = await callWithProgress(context, 'image add', 'POST', path, { params }, waiting);
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  {
    name: 'image delete',
    usage: 'image delete <name|uuid>',
    about: 'forget an image; what was downloaded for it goes, a file of yours stays',
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of an image');
      const uuid = textOf(await findOne(context.client, path, 'image', wanted), 'uuid');
      const answer = await callWithProgress(context, 'image delete', 'DELETE', `${path}/${uuid}`);
      context.show(answer, () => `${wanted}: deleted`);
    },
  },
];
