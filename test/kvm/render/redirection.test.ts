import { describe, expect, it } from 'vitest';
import {
  hasOurRedirections,
  type RedirectTransport,
  withRedirections,
} from '../../../src/kvm/render/redirection.ts';
import { parseXml } from '../../../src/kvm/xml.ts';

const unix: RedirectTransport = { kind: 'unix', paths: ['/f/0', '/f/1', '/f/2', '/f/3'] };

const own = `    <redirdev bus='usb' type='spicevmc'>
      <alias name='ua-mine'/>
      <address type='usb' bus='0' port='4'/>
    </redirdev>
`;
const dump = (devices: string): string => `<domain type='kvm'>
  <name>x</name>
  <metadata>
    <note xmlns="urn:someone">
  <devices>
    <redirdev bus='usb' type='unix'>
      <alias name='ua-rw-redir-0'/>
    </redirdev>
  </devices>
    </note>
  </metadata>
  <devices>
    <controller type='usb' index='0' model='qemu-xhci'>
      <alias name='usb'/>
    </controller>
    <controller type='usb' index='3' model='piix3-uhci'/>
    <controller type='pci' index='9' model='pcie-root-port'/>
${devices}  </devices>
  <seclabel type='none'/>
</domain>
`;

/** As libvirt prints what it was given: single quotes, children on their own lines. */
const printed = (xml: string): string =>
  xml.replaceAll(
    /^ {4}(<(controller|redirdev) [^>]*[^/]>)(.*)(<\/\2>)$/gm,
    (_all, head: string, _name, inner: string, tail: string) =>
      [head, ...inner.split(/(?<=\/>)/).map((child) => `  ${child}`), tail]
        .map((line) => `    ${line.replaceAll('"', "'")}`)
        .join('\n'),
  );

function added(xml: string | undefined): string {
  if (xml === undefined) throw new Error('nothing changed');
  return xml;
}

describe('redirect channels', () => {
  it('are two for USB 2 and two for USB 3, on controllers of their own', () => {
    const devices = parseXml(added(withRedirections(dump(own), unix))).children.find(
      (c) => c.name === 'devices',
    );
    const ours = (name: string) =>
      (devices?.children ?? []).filter(
        (element) =>
          element.name === name &&
          element.children.some((c) => c.attributes.get('name')?.startsWith('ua-rw-redir-') === true),
      );
    expect(ours('controller').map((c) => [c.attributes.get('index'), c.attributes.get('model')])).toEqual([
      ['4', 'ich9-ehci1'],
      ['4', 'ich9-uhci1'],
      ['4', 'ich9-uhci2'],
      ['4', 'ich9-uhci3'],
      ['5', 'qemu-xhci'],
    ]);
    const places = ours('redirdev').map(
      (c) => c.children.find((child) => child.name === 'address')?.attributes,
    );
    expect(places.map((place) => [place?.get('bus'), place?.get('port')])).toEqual([
      ['4', '1'],
      ['4', '2'],
      ['5', '1'],
      ['5', '2'],
    ]);
  });

  it('are put in once and taken out without a trace', () => {
    const before = dump(own);
    const after = printed(added(withRedirections(before, unix)));
    expect(hasOurRedirections(before)).toBe(false);
    expect(hasOurRedirections(after)).toBe(true);
    expect(withRedirections(after, unix)).toBeUndefined();
    expect(withRedirections(after, undefined)).toBe(before);
    expect(withRedirections(before, undefined)).toBeUndefined();
  });

  it('change when the VM gets SPICE', () => {
    const after = printed(added(withRedirections(dump(''), unix)));
    const spice = added(withRedirections(after, { kind: 'spicevmc' }));
    expect(spice).not.toContain("type='unix'>\n      <source");
    expect(spice.match(/<redirdev bus="usb" type="spicevmc">/g)?.length).toBe(4);
  });

  it('are never put into a text that is no definition', () => {
    expect(() => withRedirections('<domain/>', unix)).toThrow(RangeError);
  });
});
