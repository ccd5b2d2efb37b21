import type { Command } from '../command.ts';
import { callWithProgress, refuseWords } from '../command.ts';
import { plain } from '../output.ts';
import { uuidAt } from './kvm-things.ts';

const path = '/pci-device/hosts';

/** A diff keeps its lines. */
const diffLines = (diff: unknown): readonly string[] =>
  typeof diff === 'string' && diff !== '' ? diff.replace(/\n$/, '').split('\n').map(plain) : [];

function wish(verb: 'enable' | 'disable', state: string, about: string): Command {
  return {
    name: `iommu ${verb}`,
    usage: `iommu ${verb} <host> [--dry-run]`,
    about,
    options: { 'dry-run': { type: 'boolean' } },
    async run(context) {
      const uuid = await uuidAt(context, 0, 'host');
      refuseWords(context, 1);
      const dryRun = context.options['dry-run'] === true;
      const body = { updateHostIommuState: { state, dryRun } };
      const at = `${path}/${uuid}/actions`;
      const answer = await callWithProgress(context, `iommu ${verb}`, 'PUT', at, body);
      const end = answer['rebootPending'] === true ? 'reboot the host' : 'no reboot is needed';
      context.show(answer, () =>
        [
          ...diffLines(answer['diff']),
          dryRun ? 'nothing was written' : `IOMMU ${plain(answer['state'])}; ${end}`,
        ].join('\n'),
      );
    },
  };
}

export const iommuCommands: readonly Command[] = [
  {
    name: 'iommu status',
    usage: 'iommu status <host>',
    about: 'what is wished, what the running kernel does, and what to do',
    async run(context) {
      const uuid = await uuidAt(context, 0, 'host');
      refuseWords(context, 1);
      const { state } = await context.client.call('GET', `${path}/${uuid}/state`);
      const answer = { state, ...(await context.client.call('GET', `${path}/${uuid}/status`)) };
      context.show(answer, () => {
        const { status, details } = answer as { readonly status?: unknown; readonly details?: unknown };
        const why = details === '' || details === undefined ? '' : `: ${plain(details)}`;
        return `${plain(state)}, ${plain(status)}${why}`;
      });
    },
  },
  wish('enable', 'Enabled', 'write the IOMMU into the boot loader; --dry-run only shows the change'),
  wish('disable', 'Disabled', 'take it out again'),
];
