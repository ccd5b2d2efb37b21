import type { Command } from '../command.ts';
import { callWithProgress, inventoryOf, neededOption, textOption } from '../command.ts';
import { readPassword } from '../io.ts';
import { renderFields } from '../output.ts';
import { deleteCommand, listCommand } from './resource.ts';

const path = '/baremetal/images';
const kind = { noun: 'image', one: 'an image', path };
const columns = ['name', 'uuid', 'kind', 'status', 'size', 'url', 'statusCause'];

/** The server gives up first. */
const longestDownloadMs = 13 * 3_600_000;

export const imageCommands: readonly Command[] = [
  listCommand(kind, 'images that machines are installed from', columns),
  {
    name: 'image add',
    usage:
      'image add --name NAME --from URL|- [--kind iso|directory|redirect] [--sha256 SUM] [--kernel PATH --initrd PATH] [--argument ARG ...]',
    about:
      'add an ISO or directory of the server (file:///...), an ISO to download (http(s)://....iso), or a mirror; `--from -` takes the URL from RACKWRIGHT_IMAGE_URL, a prompt or standard input',
    options: {
      name: { type: 'string' },
      from: { type: 'string' },
      kind: { type: 'string' },
      sha256: { type: 'string' },
      kernel: { type: 'string' },
      initrd: { type: 'string' },
      argument: { type: 'string', multiple: true },
    },
    async run(context) {
      const { argument } = context.options;
      const name = neededOption(context, 'name');
      const from = neededOption(context, 'from');
      const params = {
        name,
        // A signed URL is a secret.
        url:
          from === '-' ? await readPassword(context.io, 'RACKWRIGHT_IMAGE_URL', 'URL of the image: ') : from,
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
  deleteCommand(kind, 'forget an image; what was downloaded for it goes, a file of yours stays'),
];
