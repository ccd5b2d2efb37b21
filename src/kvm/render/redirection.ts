import { assertNever } from '../../base/errors.ts';
import { escapeXml as e } from './escape.ts';

/** How a viewer's USB devices reach the VM: over SPICE, or four byte streams of the host that Rackwright carries. */
export type RedirectTransport =
  | { readonly kind: 'spicevmc' }
  | { readonly kind: 'unix'; readonly paths: readonly string[] }
  | { readonly kind: 'tcp'; readonly ports: readonly number[] };

/** Channels of one VM: two for USB 2, two for USB 3. */
export const redirectChannels = 4;

/** Aliases that begin so are ours; a person's elements never carry one. */
const aliasPrefix = 'ua-rw-redir-';

/** The devices in libvirt's own output: its children stand four spaces in, and nothing foreign can stand behind its start. */
function devicesOf(xml: string): { readonly start: number; readonly end: number } | undefined {
  const opening = '\n  <devices>\n';
  const start = xml.lastIndexOf(opening);
  const end = xml.lastIndexOf('\n  </devices>');
  return start < 0 || end < start ? undefined : { start: start + opening.length, end: end + 1 };
}

/** True when the definition has redirect channels of ours. */
export function hasOurRedirections(xml: string): boolean {
  return ownElements(xml).length > 0;
}

function ownElements(xml: string): readonly string[] {
  const range = devicesOf(xml);
  if (range === undefined) return [];
  const elements = xml
    .slice(range.start, range.end)
    .matchAll(/^ {4}<(controller|redirdev) [^\n]*[^/\n]>\n(?: {5,}[^\n]*\n)* {4}<\/\1>\n/gm);
  return [...elements].map(([text]) => text).filter((text) => text.includes(`<alias name='${aliasPrefix}`));
}

/**
 * A definition as `virsh dumpxml` prints it, with our redirect channels and their controllers, or without when `transport` is
 * undefined. Elements of others stay as they are. Undefined when it is so already; throws RangeError for a text that is no such dump.
 */
export function withRedirections(xml: string, transport: RedirectTransport | undefined): string | undefined {
  const own = ownElements(xml);
  const there = new Set(own.map(channelOf).filter((kind) => kind !== undefined));
  if (transport === undefined ? own.length === 0 : there.has(transport.kind) && there.size === 1) {
    return undefined;
  }
  let bare = xml;
  for (const element of own) bare = bare.replace(element, () => '');
  if (transport === undefined) return bare;
  const range = devicesOf(bare);
  if (range === undefined) throw new RangeError('no devices in the definition');
  const added = renderRedirections(transport, freeIndex(bare.slice(range.start, range.end)));
  return `${bare.slice(0, range.end)}${added}${bare.slice(range.end)}`;
}

function channelOf(element: string): string | undefined {
  return /^ *<redirdev [^>]*\btype='(\w+)'/.exec(element)?.[1];
}

/** A number above that of every USB controller. */
function freeIndex(devices: string): number {
  const used = devices.matchAll(/<controller type='usb' index='(\d{1,4})'/g);
  return Math.max(-1, ...[...used].map((match) => Number(match[1]))) + 1;
}

/** An EHCI controller with its three companions for slow devices, and an xHCI for USB 3; ports count from 1. */
function renderRedirections(transport: RedirectTransport, index: number): string {
  const controller = (at: number, model: string, name: string, inner = ''): string =>
    `<controller type="usb" index="${at}" model="${model}"><alias name="${aliasPrefix}${name}"/>${inner}</controller>`;
  const companions = [1, 2, 3].map((number) =>
    controller(
      index,
      `ich9-uhci${number}`,
      `uhci${number}`,
      `<master startport="${String(2 * (number - 1))}"/>`,
    ),
  );
  const channels = Array.from({ length: redirectChannels }, (_, number) => {
    const usb3 = number >= redirectChannels / 2;
    const port = (number % (redirectChannels / 2)) + 1;
    return [
      `<redirdev bus="usb" type="${transport.kind}">`,
      sourceOf(transport, number),
      `<alias name="${aliasPrefix}${number}"/>`,
      `<address type="usb" bus="${usb3 ? index + 1 : index}" port="${port}"/>`,
      '</redirdev>',
    ].join('');
  });
  const elements = [
    controller(index, 'ich9-ehci1', 'ehci1'),
    ...companions,
    controller(index + 1, 'qemu-xhci', 'xhci'),
    ...channels,
  ];
  return elements.map((element) => `    ${element}\n`).join('');
}

function sourceOf(transport: RedirectTransport, number: number): string {
  switch (transport.kind) {
    case 'spicevmc':
      return '';
    case 'unix':
      return `<source mode="bind" path="${e(transport.paths[number] ?? '')}"/>`;
    case 'tcp':
      return `<source mode="bind" host="127.0.0.1" service="${transport.ports[number] ?? 0}"/><protocol type="raw"/>`;
    default:
      return assertNever(transport);
  }
}
