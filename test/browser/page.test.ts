import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/console/rfb/png.ts';
import { keepPicture, needBrowser, shownLines } from './browser.ts';
import type { FakeServer } from './fake-server.ts';
import { bootText, useWorld } from './world.ts';

const minute = 60_000;

/** A run that is at work for four minutes, with its timeline. */
function installing(server: FakeServer): void {
  const startedAt = Date.now() - 4 * minute;
  server.machine({ run: { uuid: 'r1', kind: 'install', stage: 'installer', startedAt } });
  const lines = [
    ['start', 'installation: power on, boot from the network'],
    ['dhcp-offer', 'offered 172.30.0.17 with snponly.efi'],
    ['tftp-done', 'has snponly.efi'],
    ['http-done', 'has vmlinuz'],
    ['kickstart', 'fetched its kickstart'],
    ['begin', 'the installer began'],
  ] as const;
  server.timeline(
    lines.map(([step, text], index) => ({
      at: startedAt + index * 31_000,
      step,
      text,
      ...(step.endsWith('done') ? { bytes: 14_200_000 } : {}),
    })),
  );
}

describe.skipIf(!needBrowser())("the console's page", () => {
  const world = useWorld();

  it('shows name, power and the timeline as it goes on, and why a run failed', async () => {
    const server = world.server();
    installing(server);
    server.record.print(bootText(60));
    const { page, complaints } = await world.person(server.link());
    await expect.poll(() => page.locator('#timeline li').count()).toBe(6);
    expect(await page.locator('#name').textContent()).toBe('rack3-node17');
    await keepPicture(page, 'installing');
    const text = 'nothing came for 15 minutes; the console said last:\nanaconda: storage\nNo disks selected.';
    server.timeline([{ at: Date.now(), step: 'failed', text }]);
    const cause = 'The installer found no disk to install to: look at the disks of this machine.';
    server.machine({
      status: 'PxeBootFailed',
      run: {
        uuid: 'r1',
        kind: 'install',
        stage: 'failed',
        startedAt: Date.now() - 4 * minute,
        endedAt: Date.now(),
        cause,
      },
    });
    await expect.poll(() => page.locator('#cause-text').textContent()).toBe(cause);
    const last = page.locator('#timeline li').last();
    await expect.poll(() => last.getAttribute('class')).toContain('bad');
    expect(await last.locator('pre').textContent()).toBe('anaconda: storage\nNo disks selected.');
    await expect.poll(() => page.locator('#announce').textContent()).toContain(cause);
    await keepPicture(page, 'failed');
    await page.emulateMedia({ colorScheme: 'dark' });
    await keepPicture(page, 'failed-dark');
    expect(complaints).toEqual([]);
  });

  it('shows the pictures that the timeline names, and says why when one is gone', async () => {
    const server = world.server();
    installing(server);
    const grey = { width: 64, height: 48, rgb: new Uint8Array(64 * 48 * 3).fill(90) };
    server.picture('r1-1.png', await encodePng(grey));
    const text = 'the screen as it was then: /v1/baremetal/chassis/x/console/screenshots/r1-1.png';
    server.timeline([
      { at: Date.now(), step: 'screen', text, picture: 'r1-1.png' },
      { at: Date.now(), step: 'screen', text, picture: 'r1-2.png' },
    ]);
    const { page, complaints } = await world.person(server.link());
    const lines = page.locator('#timeline li');
    await expect.poll(() => lines.count()).toBe(8);
    expect(await lines.nth(6).locator('p').textContent()).toBe('the screen as it was then');
    await lines.nth(6).getByRole('button', { name: 'show picture' }).click();
    const width = (): Promise<number> =>
      lines
        .nth(6)
        .locator('img')
        .evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0));
    await expect.poll(width).toBe(64);
    await lines.nth(7).getByRole('button', { name: 'show picture' }).click();
    await expect.poll(() => lines.nth(7).textContent()).toContain('not kept any more');
    expect(complaints).toEqual([]);
  });

  it('switches power on at once, and off and reset only after a yes that names the machine', async () => {
    const server = world.server();
    const powers = (): unknown[] =>
      server.asked().flatMap((message) => (message.type === 'power' ? [message.action] : []));
    const { page } = await world.person(server.link());
    await page.getByRole('button', { name: 'Turn off' }).first().click();
    expect(await page.locator('#confirm-text').textContent()).toContain('rack3-node17');
    await keepPicture(page, 'confirm');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Reset' }).first().click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(powers()).toEqual([]);
    await page.getByRole('button', { name: 'Reset' }).first().click();
    await page.locator('#confirm-yes').click();
    await expect.poll(powers).toEqual(['reset']);
    server.machine({ power: 'off' });
    await expect.poll(() => page.locator('#power').textContent()).toBe('power off');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await expect.poll(powers).toEqual(['reset', 'on']);
  });

  it('searches what is shown and the whole record, and goes to where it was', async () => {
    const server = world.server();
    server.record.print(bootText(1500));
    server.record.kept.runStart = 90_000;
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('line 1499');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByLabel('Search', { exact: true }).fill('line 1402 ');
    await expect.poll(() => shownLines(page)).toContain('line 1402 of the boot');
    await page.getByLabel('Search', { exact: true }).fill('line 7 ');
    await expect.poll(() => page.locator('#search-note').textContent()).toContain('Not in the output shown');
    await page.getByRole('button', { name: 'In the whole record' }).click();
    await page.locator('.hit').first().waitFor();
    await keepPicture(page, 'search');
    await page.locator('.hit').first().click();
    await expect.poll(() => shownLines(page)).toContain('line 7 of the boot');
    expect(server.asked().filter(({ type }) => type === 'watch')).toHaveLength(2);
    await page.keyboard.press('Escape');
  });

  it('shows older output when asked, and saves what it has', async () => {
    const server = world.server();
    server.record.print(bootText(400));
    server.record.kept.runStart = server.record.kept.end;
    server.record.print('newest run\r\n');
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('newest run');
    expect(await shownLines(page)).not.toContain('line 399');
    await page.getByRole('button', { name: /older output/ }).click();
    await expect.poll(() => shownLines(page)).toContain('line 399');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^rack3-node17-.*\.log$/);
    expect(await readFile(await download.path(), 'utf8')).toBe(server.record.text());
  });

  it('fits a phone: no sideways scrolling of the page, and keys that it does not have', async () => {
    const server = world.server();
    installing(server);
    server.record.print(bootText(40));
    const { page } = await world.person(server.link(), {
      viewport: { width: 360, height: 740 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
    });
    await expect.poll(() => shownLines(page)).toContain('line 39');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(360);
    await page.locator('.xterm-helper-textarea').focus();
    await page.locator('[data-key="ctrl"]').tap();
    expect(await page.locator('[data-key="ctrl"]').getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.type('c');
    await page.locator('[data-key="up"]').tap();
    await page.locator('[data-key="escape"]').tap();
    await page.locator('[data-key="tab"]').tap();
    await expect.poll(() => server.typed()).toBe('\x03\x1b[A\x1b\t');
    await keepPicture(page, 'phone');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await keepPicture(page, 'phone-timeline');
  });

  it('can be used with the keyboard alone', async () => {
    const server = world.server();
    server.record.print(bootText(5));
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('line 4');
    const seen: string[] = [];
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const { activeElement: now } = document;
        return now?.id || now?.className || now?.tagName || '';
      });
    for (let presses = 0; presses < 20 && !seen.includes('xterm-helper-textarea'); presses += 1) {
      await page.keyboard.press('Tab');
      seen.push(await focused());
    }
    expect(seen).toEqual([
      'skip',
      'skip',
      'power-off',
      'power-reset',
      'people-count',
      'tab-serial',
      'search-open',
      'copy',
      'download',
      'keyboard-ask',
      'xterm-helper-textarea',
    ]);
    await page.keyboard.press('Tab');
    await expect.poll(() => server.typed()).toBe('\t');
    await page.keyboard.press('Control+Alt+Home');
    expect(await focused()).toBe('tab-serial');
  });
});
