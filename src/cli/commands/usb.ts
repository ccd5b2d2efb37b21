import type { Command } from '../command.ts';
import { callWithProgress, refuseWords, textOption } from '../command.ts';
import { plain, renderTable } from '../output.ts';
import { things, uuidAt, uuidOf, withNames } from './kvm-things.ts';

const { path } = things.usb;
const columns = ['name', 'uuid', 'idVendor', 'idProduct', 'portPath', 'status', 'host', 'vm'];

export const usbCommands: readonly Command[] = [
  {
    name: 'usb list',
    usage: 'usb list [--host HOST]',
    about: 'USB devices of hosts',
    options: { host: { type: 'string' } },
    async run(context) {
      const host = textOption(context, 'host');
      const conditions = host === undefined ? [] : [`hostUuid=${await uuidOf(context, 'host', host)}`];
      const inventories = await context.client.list(path, conditions);
      const named = await withNames(context, inventories);
      context.show({ inventories }, () => renderTable(columns, named));
    },
  },
  {
    name: 'usb attach',
    usage: 'usb attach <device> <vm>',
    about: 'give a USB device to a VM on its host',
    async run(context) {
      const uuid = await uuidAt(context, 0, 'usb');
      const params = { vmInstanceUuid: await uuidAt(context, 1, 'vm') };
      const answer = await callWithProgress(context, 'usb attach', 'POST', `${path}/${uuid}/attach`, {
        params,
      });
      context.show(answer, () => `${context.words[0]}: attached to ${context.words[1]}`);
    },
  },
  {
    name: 'usb detach',
    usage: 'usb detach <device>',
    about: 'take it back',
    async run(context) {
      const uuid = await uuidAt(context, 0, 'usb');
      refuseWords(context, 1);
      const body = { params: {} };
      const answer = await callWithProgress(context, 'usb detach', 'POST', `${path}/${uuid}/detach`, body);
      context.show(answer, () => `${context.words[0]}: detached`);
    },
  },
  {
    name: 'usb redirect',
    usage: 'usb redirect <vm>',
    about:
      'the address of a WebSocket to a USB redirect channel; good once, for a minute, so keep it to yourself',
    async run(context) {
      const uuid = await uuidAt(context, 0, 'vm');
      refuseWords(context, 1);
      const at = `/vm-instances/${uuid}/usbredirect/tickets`;
      const answer = await context.client.call('POST', at, { params: {} });
      context.show(answer, () => plain(answer['url']));
    },
  },
];
