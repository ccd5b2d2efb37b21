import { expect, it } from 'vitest';
import { readDetails } from '../../../src/kvm/parse/domain-devices.ts';
import { parseXml } from '../../../src/kvm/xml.ts';

it.each([
  ["<serial type='pty'><source path='/dev/pts/3'/></serial><serial type='file'/>", 'pty', '/dev/pts/3'],
  ["<serial type='pty'/>", 'pty', undefined],
  ["<serial type='unix'><source mode='bind' path='/run/s'/></serial>", 'unix', '/run/s'],
  ["<serial type='unix'><source mode='connect' path='/run/s'/></serial>", 'unix', undefined],
  [
    "<serial type='tcp'><source mode='bind' host='::' service='4555'/><protocol type='raw'/></serial>",
    'tcp',
    ':::4555',
  ],
  ["<serial type='tcp'><source mode='connect' host='a' service='4555'/></serial>", 'tcp', undefined],
  ["<serial type='tcp'><source mode='bind' host='a' service='1' tls='yes'/></serial>", 'tcp', undefined],
  [
    "<serial type='tcp'><source mode='bind' host='a' service='1'/><protocol type='telnet'/></serial>",
    'tcp',
    undefined,
  ],
])('tells of the first serial port where it can be reached as plain bytes: %s', (xml, kind, source) => {
  const live = parseXml(`<domain><devices>${xml}</devices></domain>`);
  expect(readDetails({ live, config: undefined }).serial).toEqual({ kind, source });
});
