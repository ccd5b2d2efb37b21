import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ramdiskTools } from '../../inspector/builder/tools.ts';
import { simAdmin, simTool } from '../support/ipmi-sim.ts';
import { needTools } from '../support/need.ts';
import {
  artefacts,
  keepPicture,
  needBrowser,
  openBrowser,
  type Person,
  shownLines,
  terminalText,
} from './browser.ts';
import { type LabMachine, startLabMachine } from './lab-machine.ts';
import { type LabServer, startLabServer } from './lab-server.ts';

const ready =
  needBrowser() &&
  needTools(
    simTool,
    { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' },
    ...Object.entries(ramdiskTools).map(([tool, name]) => ({ tool, package: name })),
  );

const name = 'lab-node1';

describe.skipIf(!ready)('the console of a machine, from its power button to its shell', () => {
  let machine: LabMachine;
  let server: LabServer;
  let chassisUuid = '';
  const people: Person[] = [];
  beforeAll(async () => {
    machine = await startLabMachine();
    server = await startLabServer();
    const chassis = await server.client.create('/baremetal/chassis', {
      name,
      ipmiAddress: machine.bmc.address,
      ipmiPort: String(machine.bmc.port),
      ipmiUsername: simAdmin.name,
      ipmiPassword: simAdmin.password,
    });
    chassisUuid = String(chassis['uuid']);
  }, 240_000);
  afterAll(async () => {
    await Promise.all(people.map((person) => person.close()));
    await server?.close();
    await machine?.close();
  }, 60_000);

  /** Opens a link in a browser of its own; the address is the one that the server is reached at here. */
  const enter = async (viewOnly: boolean): Promise<Person> => {
    const inventory = await server.client.create('/baremetal/consoles', { chassisUuid, viewOnly });
    const { hash, pathname } = new URL(String(inventory['url']));
    const person = await openBrowser();
    people.push(person);
    await person.page.goto(`${server.rackwright.url}${pathname}${hash}`);
    await expect.poll(() => person.page.locator('#name').textContent()).toBe(name);
    return person;
  };

  it('shows BIOS, kernel and shell to two people, one of whom types', { timeout: 240_000 }, async () => {
    const [{ page, complaints }, guest] = [await enter(false), await enter(true)];
    await expect.poll(() => page.locator('#keyboard-text').textContent()).toContain('Nobody has');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await expect.poll(() => machine.bmc.calls().includes('set power 1')).toBe(true);
    await machine.powerOn();
    await expect.poll(() => page.locator('#power').textContent(), { timeout: 90_000 }).toBe('power on');
    // Whatever of the boot is on the screen when we look; the shell is its end.
    const booting = /Booting from ROM|Linux version|^\[ +\d+\.\d+\]|^\/ #$/m;
    await expect.poll(() => shownLines(page), { timeout: 120_000 }).toMatch(booting);
    await page.reload();
    await expect.poll(() => shownLines(page), { timeout: 180_000 }).toMatch(/^\/ #$/m);
    const boot = await terminalText(page);
    await writeFile(join(artefacts, 'lab-boot.txt'), boot);
    expect(boot.match(/SeaBIOS \(version/g)).toHaveLength(1);
    expect(boot.match(/Linux version/g)).toHaveLength(1);

    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('echo $((6*7))-from-the-machine');
    await page.keyboard.press('Enter');
    await expect.poll(() => shownLines(page)).toContain('42-from-the-machine');
    await expect.poll(() => shownLines(guest.page)).toContain('42-from-the-machine');
    expect(await guest.page.locator('#keyboard-text').textContent()).toContain('looking only');
    await keepPicture(page, 'lab');

    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByLabel('Search', { exact: true }).fill('SeaBIOS');
    await page.getByRole('button', { name: 'In the whole record' }).click();
    await expect.poll(() => page.locator('.hit').first().textContent()).toContain('SeaBIOS (version');
    await page.getByRole('button', { name: 'Give the keyboard back' }).click();
    expect([...complaints, ...guest.complaints]).toEqual([]);
  });

  it('a paste arrives whole at the pace of the line', { timeout: 120_000 }, async () => {
    const { page } = await enter(false);
    const numbers = Array.from({ length: 600 }, (_, index) => `n${index}\n`);
    const script = numbers.map((number) => `echo ${number.trim()} >>/tmp/n\n`).join('');
    await page.evaluate((text) => navigator.clipboard.writeText(text), script);
    await page.getByRole('button', { name: 'Take the keyboard' }).click();
    await expect.poll(() => page.locator('#keyboard-text').textContent()).toBe('You have the keyboard.');
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press('Control+Shift+v');
    await expect.poll(() => page.locator('#typing').textContent()).toMatch(/^Typing: .* left$/);
    await expect.poll(() => page.locator('#typing').textContent(), { timeout: 60_000 }).toBe('');
    await page.keyboard.type('md5sum </tmp/n');
    await page.keyboard.press('Enter');
    const sum = createHash('md5').update(numbers.join('')).digest('hex');
    await expect.poll(() => shownLines(page)).toContain(sum);
  });
});
