import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { KvmError } from '../../../src/kvm/errors.ts';
import { lookAtDomains } from '../../../src/kvm/parse/domains.ts';
import { readHostFacts } from '../../../src/kvm/parse/host-facts.ts';
import { readUsbDevices } from '../../../src/kvm/parse/usb.ts';
import { splitFrames } from '../../../src/kvm/probe/frames.ts';
import { parseXml } from '../../../src/kvm/xml.ts';
import { topologies } from '../../fixtures/kvm/topologies/index.ts';
import { probeOf } from '../../fixtures/kvm/topology.ts';
import { cases } from '../../support/cases.ts';
import { mutatedText } from './mutated-text.ts';

const folder = join(import.meta.dirname, '../../fixtures/kvm');
const xml = readFileSync(join(folder, 'domain-inactive.xml'), 'utf8');
const uuid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';

/** In CI; a laptop takes a few seconds. */
const longMs = 600_000;

it(
  'reads any XML or says why not',
  () => {
    fc.assert(
      fc.property(mutatedText(xml), fc.boolean(), (text, persistent) => {
        const domain = { uuid, persistent, state: 'running', xml: text, inactiveXml: persistent ? xml : '' };
        const { domains, unread } = lookAtDomains({ sections: new Map(), domains: [domain], time: 0 });
        expect(domains.length + unread.length).toBe(1);
        for (const { memorySize, cpuNum, details } of domains) {
          expect(Number.isSafeInteger(memorySize) && Number.isSafeInteger(cpuNum)).toBe(true);
          for (const address of details.pciAddresses.live)
            expect(address).toMatch(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/);
        }
      }),
      { numRuns: cases(100_000) },
    );
  },
  longMs,
);

it(
  'reads a document of any kind or throws a KvmError',
  () => {
    const word = fc.constantFrom(
      '<a>',
      '</a>',
      '<a/>',
      '<a b="c">',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&amp;',
      '&',
      '<?x?>',
      '<',
      '>',
      '"',
      'xmlns:a="b"',
      '<a:b>',
      '\u0000',
      ' ',
      'x',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        try {
          expect(parseXml(words.join('')).name).toMatch(/^\S+$/);
        } catch (error) {
          if (!(error instanceof KvmError)) throw error;
        }
      }),
      { numRuns: cases(100_000) },
    );
  },
  longMs,
);

it(
  'reads the facts and USB devices of any text',
  () => {
    const usb = ['idVendor:0781', 'idProduct:5581', 'busnum:1', 'devnum:2', 'product:Ultra', 'version: 2.00']
      .map((line) => `sys/bus/usb/devices/1-4/${line}`)
      .join('\n');
    const { sections } = probeOf(topologies.consumerBoard);
    const rest = [
      'PRETTY_NAME="Debian"',
      'MemTotal: 1024 kB',
      'btime 1795262315',
      'processor : 0',
      'sys/class/dmi/id/product_uuid:4c4c4544-0042-3510-8051-b4c04f4d3332',
      sections.get('net-sysfs'),
    ].join('\n');
    fc.assert(
      fc.property(mutatedText(usb), mutatedText(rest), (usbText, text) => {
        const names = [
          'os-release',
          'meminfo',
          'boot-time',
          'cpuinfo',
          'dmi',
          'net-sysfs',
          'hostname',
          'versions',
        ] as const;
        const probe = {
          sections: new Map([...names.map((name) => [name, text] as const), ['usb-sysfs', usbText] as const]),
          time: 0,
        };
        const facts = readHostFacts(probe);
        expect(Number.isSafeInteger(facts.memorySize)).toBe(true);
        for (const bridge of facts.bridges) expect(bridge).toMatch(/^[^\s/]{1,15}$/);
        for (const device of readUsbDevices(probe)) {
          expect(device.vendorId + device.productId).toMatch(/^[0-9a-f]{8}$/);
          expect(device.name).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: cases(100_000) },
    );
  },
  longMs,
);

it(
  'splits any output; only the mark opens and ends a section',
  () => {
    const mark = 'ab'.repeat(16);
    const output = `\n${mark}:begin:hostname\nhost\n\n${mark}:end:hostname:0\n\n${mark}:begin:domains\n${mark}:domain:${uuid}\nrunning\n\n${mark}:live\n<domain/>\n\n${mark}:inactive\n<domain/>\n\n${mark}:all\n\n${mark}:end:domains:0\n\n${mark}:done\n`;
    expect(splitFrames(output, mark)).toEqual({
      sections: new Map([
        ['hostname', 'host\n'],
        ['domains', expect.any(String)],
      ]),
      failures: new Map(),
      domains: [{ uuid, persistent: true, state: 'running', xml: '<domain/>', inactiveXml: '<domain/>' }],
      done: true,
    });
    expect(splitFrames(output.replaceAll(mark, 'cd'.repeat(16)), mark)).toMatchObject({
      done: false,
      domains: undefined,
    });
    fc.assert(
      fc.property(mutatedText(output), (text) => {
        const { sections, domains } = splitFrames(text, mark);
        expect(
          [...sections.keys()].every((name) => name === 'hostname' || name === 'domains' || text !== output),
        ).toBe(true);
        expect(domains === undefined || domains.length <= 2 * text.length).toBe(true);
      }),
      { numRuns: cases(100_000) },
    );
  },
  longMs,
);
