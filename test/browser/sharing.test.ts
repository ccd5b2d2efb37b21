import { describe, expect, it } from 'vitest';
import { keepPicture, needBrowser, shownLines } from './browser.ts';
import { bootText, useWorld } from './world.ts';

const keyboard = '#keyboard-text';

describe.skipIf(!needBrowser())('several people at one console', () => {
  const world = useWorld();

  it('one types, the other asks and gets the keyboard', async () => {
    const server = world.server();
    server.record.print(bootText(5));
    const [anna, ben] = await Promise.all([
      world.person(server.link({ name: 'anna' })),
      world.person(server.link({ name: 'ben' })),
    ]);
    await expect.poll(() => shownLines(ben.page)).toContain('line 4');
    await expect.poll(() => anna.page.locator('#people-count').textContent()).toBe('2 watch');
    await anna.page.locator('.xterm-helper-textarea').focus();
    await anna.page.keyboard.type('ls');
    await expect.poll(() => server.typed()).toBe('ls');
    await expect.poll(() => ben.page.locator(keyboard).textContent()).toBe('anna has the keyboard.');

    await ben.page.locator('.xterm-helper-textarea').focus();
    await ben.page.keyboard.type('no');
    await expect.poll(() => ben.page.locator('#toast').textContent()).toContain('was not typed');
    await ben.page.getByRole('button', { name: 'Ask for the keyboard' }).click();
    await anna.page.locator('#asked').waitFor();
    await expect.poll(() => anna.page.locator('#asked-text').textContent()).toContain('ben asks');
    await keepPicture(anna.page, 'asked');
    // With the keyboard alone: out of the terminal, onto the answer.
    await anna.page.keyboard.press('Control+Alt+Home');
    await expect.poll(() => anna.page.evaluate(() => document.activeElement?.id)).toBe('asked-give');
    await anna.page.keyboard.press('Enter');
    await expect.poll(() => ben.page.locator(keyboard).textContent()).toBe('You have the keyboard.');
    await expect.poll(() => anna.page.locator('#asked').isHidden()).toBe(true);
    await ben.page.locator('.xterm-helper-textarea').focus();
    await ben.page.keyboard.type('w');
    await expect.poll(() => server.typed()).toBe('lsw');
    await ben.page.getByRole('button', { name: 'Give the keyboard back' }).click();
    await expect.poll(() => anna.page.locator(keyboard).textContent()).toContain('Nobody has');
  });

  it('looking only: sees everything, types and switches nothing', async () => {
    const server = world.server();
    server.record.print(bootText(3));
    const { page } = await world.person(server.link({ name: 'guest', mayType: false }));
    await expect.poll(() => shownLines(page)).toContain('line 2');
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('rm');
    expect(await page.locator(keyboard).textContent()).toBe('This link is for looking only.');
    expect(await page.locator('#power-buttons').isVisible()).toBe(false);
    expect(await page.locator('#break').isVisible()).toBe(false);
    expect(server.typed()).toBe('');
    expect(server.asked().map(({ type }) => type)).toEqual(['watch']);
  });

  it('takes over from somebody outside, after asking', async () => {
    const server = world.server();
    const text = 'Somebody else has the serial console of this BMC open.';
    server.serial({ state: 'in-use', text });
    const { page } = await world.person(server.link());
    await expect.poll(() => page.locator('#serial-note-text').textContent()).toBe(text);
    await page.getByRole('button', { name: 'Take the console over' }).click();
    await page.getByRole('button', { name: 'Take over' }).click();
    await page.locator('#serial-note').waitFor({ state: 'hidden' });
    expect(server.asked().at(-1)).toMatchObject({ type: 'take-over' });
  });

  it('pastes, and tells how much is still to be typed', async () => {
    const server = world.server();
    const { page } = await world.person(server.link());
    await expect.poll(() => page.locator(keyboard).textContent()).toContain('Nobody has');
    const script = 'echo 0123456789\n'.repeat(700);
    await page.evaluate((text) => navigator.clipboard.writeText(text), script);
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type(' ');
    await expect.poll(() => server.typed()).toBe(' ');
    await page.keyboard.press('Control+Shift+v');
    await expect.poll(() => server.typed().length).toBe(script.length + 1);
    expect(server.typed().slice(1)).toBe(script.replaceAll('\n', '\r'));
    server.typing(812);
    await expect.poll(() => page.locator('#typing').textContent()).toBe('Typing: 812 bytes left');
    server.typing(0);
    await expect.poll(() => page.locator('#typing').textContent()).toBe('');
  });
});
