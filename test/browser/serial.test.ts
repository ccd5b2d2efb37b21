import { describe, expect, it } from 'vitest';
import { keepPicture, needBrowser, shownLines, terminalText } from './browser.ts';
import { linesOf } from '../../src/console/record/lines.ts';
import { bootText, useWorld } from './world.ts';

describe.skipIf(!needBrowser())('the serial console in a browser', () => {
  const world = useWorld();

  it('draws what the machine prints, and what is typed arrives', async () => {
    const server = world.server();
    server.record.print(bootText(40));
    const { page, complaints } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('line 39 of the boot');
    server.record.print('\r\nlogin: ');
    await expect.poll(() => shownLines(page)).toContain('login:');
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('root');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+c');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => server.typed()).toBe('root\r\x03\x1b[A');
    await expect.poll(() => page.locator('#keyboard-text').textContent()).toBe('You have the keyboard.');
    await keepPicture(page, 'serial');
    expect(complaints).toEqual([]);
  });

  it('takes the ticket out of the address bar, and needs no second one for a reload in mid-boot', async () => {
    const server = world.server();
    server.record.print(bootText(300));
    server.record.mark('run-begin');
    const { page } = await world.person(server.link());
    expect(new URL(page.url()).hash).toBe('');
    server.record.print(bootText(200).replaceAll('BAR', 'second'));
    await expect.poll(() => shownLines(page)).toContain('second 1: line 199');
    const before = await terminalText(page);
    await page.reload();
    await expect.poll(() => shownLines(page)).toContain('second 1: line 199');
    expect(await terminalText(page)).toBe(before);
    expect(before.match(/line \d+ of the boot/g)).toHaveLength(500);
    server.record.print('after the reload\r\n');
    await expect.poll(() => shownLines(page)).toContain('after the reload');
    expect((await terminalText(page)).trimEnd()).toBe(`${before.trimEnd()}\nafter the reload`);
  });

  it('comes back by itself after a loss; nothing is lost, nothing twice', async () => {
    const server = world.server();
    server.record.print(bootText(20));
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('line 19 of');
    server.deaf(true);
    server.cut();
    await page.locator('#banner').waitFor();
    await keepPicture(page, 'lost');
    server.record.print('printed while nobody was there\r\n');
    server.deaf(false);
    await page.locator('#banner').waitFor({ state: 'hidden' });
    server.record.print('and after\r\n');
    await expect.poll(() => shownLines(page)).toContain('and after');
    const text = await terminalText(page);
    expect(text.split('printed while nobody was there')).toHaveLength(2);
    const printed = linesOf(Buffer.from(server.record.text()), 0);
    expect(text.replaceAll('\n', '')).toBe(printed.map((line) => line.text.trim()).join(''));
  });

  it('says what to do when there is no ticket, a used one, and when the server closes for good', async () => {
    const server = world.server();
    const { page } = await world.person(`${server.url}/console/`);
    await expect.poll(() => page.locator('#stop').textContent()).toContain('needs a link');
    const link = server.link();
    const used = await world.person(link);
    await used.page.locator('#tab-serial').waitFor();
    await expect.poll(() => used.page.locator('#name').textContent()).toBe('rack3-node17');
    await page.goto(link);
    await expect.poll(() => page.locator('#stop').textContent()).toContain('used already');
    await keepPicture(page, 'used-link');
    server.bye('Your session ended. Log in again and take a new link.', true);
    await expect.poll(() => used.page.locator('#banner').textContent()).toContain('Your session ended');
    await used.page.reload();
    await expect.poll(() => used.page.locator('#stop').textContent()).toContain('needs a link');
  });

  it('tells of bytes that did not come', async () => {
    const server = world.server();
    server.record.print('before the gap\r\n');
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('before the gap');
    server.record.mark('gap', 'the line was lost for 4 s');
    server.record.print('behind the gap\r\n');
    await expect.poll(() => page.locator('#timeline').textContent()).toContain('output may be missing');
    await expect.poll(() => page.locator('.rule').count()).toBe(1);
  });

  it('keeps what a machine wipes off its screen, and the whole of long lines', async () => {
    const server = world.server();
    const long = `${'a'.repeat(150)} ${'b'.repeat(150)}`;
    server.record.print(`first screen\r\n\x1bc\x1b[?7l\x1b[2J\x1b[3J\x1b[H${long}\r\nsecond screen\r\n`);
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('second screen');
    expect(await shownLines(page)).not.toContain('first screen');
    expect((await terminalText(page)).split('\n')).toEqual(['first screen', long, 'second screen', '']);
  });

  it('answers questions of the machine only for the one who types, and none of the past', async () => {
    const server = world.server();
    server.record.print('old question \x1b[6n\x1b[c\r\n');
    const { page } = await world.person(server.link());
    await expect.poll(() => shownLines(page)).toContain('old question');
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('x');
    await expect.poll(() => server.typed()).toBe('x');
    server.record.print('\x1b[6n');
    await expect.poll(() => server.typed()).toBe('x\x1b[2;1R');
  });
});
