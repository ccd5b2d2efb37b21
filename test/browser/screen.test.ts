import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { openScreen } from '../../src/console/screens.ts';
import { needTools } from '../support/need.ts';
import { keepPicture, needBrowser, shownLines } from './browser.ts';
import { type QemuScreen, startQemuScreen } from './qemu-screen.ts';
import { useWorld } from './world.ts';

/** How many pixels of the screen are not black. */
const litPixels = (page: Page): Promise<number> =>
  page.locator('#screen-box canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement) || canvas.width === 0) return 0;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let lit = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      if ((pixels[at] ?? 0) + (pixels[at + 1] ?? 0) + (pixels[at + 2] ?? 0) > 90) lit += 1;
    }
    return lit;
  });

const ready = needBrowser() && needTools({ tool: 'qemu-system-x86_64', package: 'qemu-system-x86' });

describe.skipIf(!ready)('the screen in a browser', () => {
  const world = useWorld();
  let machines: QemuScreen[] = [];
  afterEach(async () => {
    await Promise.all(machines.map((machine) => machine.close()));
    machines = [];
  });
  const start = async (viewOnly: boolean) => {
    const started = await startQemuScreen();
    machines.push(started);
    return () => openScreen({ source: started.source(), viewOnly, clock: systemClock });
  };

  it("shows QEMU's screen by itself, sends keys, and goes back to serial when it ends", async () => {
    const server = world.server();
    server.record.print('serial line\r\n');
    const { page, complaints } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('serial line');
    server.screen(await start(false));
    await page.locator('#screen-box[data-connected]').waitFor();
    await expect.poll(() => litPixels(page)).toBeGreaterThan(500);
    expect(await page.locator('#tab-screen').getAttribute('aria-selected')).toBe('true');
    const before = await litPixels(page);
    await page.locator('#screen-box canvas').click();
    await page.keyboard.press('Escape');
    await expect.poll(() => litPixels(page)).toBeGreaterThan(before + 500);
    await keepPicture(page, 'screen');
    await page.keyboard.press('Control+Alt+Home');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-screen');
    server.screen(undefined);
    await page.locator('#terminal').waitFor();
    expect(await shownLines(page)).toContain('serial line');
    expect(complaints).toEqual([]);
  });

  it('stays where the person chose to be', async () => {
    const server = world.server();
    const screen = await start(false);
    server.screen(screen);
    const { page } = await world.person(server.link());
    await page.locator('#screen-box[data-connected]').waitFor();
    await page.getByRole('tab', { name: 'Serial' }).click();
    server.screen(undefined);
    server.screen(screen);
    await expect.poll(() => page.locator('#tab-screen').isEnabled()).toBe(true);
    expect(await page.locator('#terminal').isVisible()).toBe(true);
    await page.keyboard.press('ArrowRight');
    await page.locator('#screen-box[data-connected]').waitFor();
  });

  it('looking only: the screen is there, its keys go nowhere', async () => {
    const server = world.server();
    server.screen(await start(true));
    const { page } = await world.person(server.link({ mayType: false }));
    await page.locator('#screen-box[data-connected]').waitFor();
    await expect.poll(() => litPixels(page)).toBeGreaterThan(500);
    expect(server.asked().find(({ type }) => type === 'open-screen')).toMatchObject({ viewOnly: true });
    expect(await page.locator('#ctrl-alt-del').isVisible()).toBe(false);
    const before = await litPixels(page);
    await page.locator('#screen-box canvas').click();
    await page.keyboard.press('Escape');
    await page.waitForTimeout(1500);
    expect(Math.abs((await litPixels(page)) - before)).toBeLessThan(300);
  });

  it('comes back when the screen breaks off', async () => {
    const server = world.server();
    const open = await start(false);
    const streams: { destroy(): unknown }[] = [];
    server.screen(async () => {
      const stream = await open();
      streams.push(stream);
      return stream;
    });
    const { page } = await world.person(server.link());
    await page.locator('#screen-box[data-connected]').waitFor();
    streams[0]?.destroy();
    await expect.poll(() => streams.length).toBe(2);
    await page.locator('#screen-box[data-connected]').waitFor();
  });
});
