import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { needFile } from '../support/need.ts';

const executablePath = '/usr/bin/chromium';
/** Pictures and texts that tests keep for people; ignored by git. */
export const artefacts = resolve(import.meta.dirname, '../../.cache/rackwright/browser');

/** True when there is a browser to try the page in; see needTools. */
export const needBrowser = (): boolean => needFile(executablePath, 'chromium');

/** A browser of one person: own profile, own window. */
export interface Person {
  readonly page: Page;
  /** What the page wrote to the browser's console as an error, and what it threw; a refused style or script is there. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Starts a browser with an empty profile. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<Person> {
  const profile = await mkdtemp(join(tmpdir(), 'rackwright-browser-'));
  let context: BrowserContext | undefined;
  const close = async (): Promise<void> => {
    await context?.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
      viewport: { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return { page, complaints, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Keeps a picture of the page for people: .cache/rackwright/browser/<name>.png */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(artefacts, { recursive: true });
  await page.screenshot({ path: join(artefacts, `${name}.png`) });
}

/** All text of the terminal, also what is scrolled away: copied as a person copies it. */
export async function terminalText(page: Page): Promise<string> {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== '');
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Lines that the terminal shows now. */
export const shownLines = (page: Page): Promise<string> =>
  page
    .locator('.xterm-rows')
    .evaluate((rows) =>
      [...rows.children].map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd()).join('\n'),
    );
