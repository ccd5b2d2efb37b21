import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { buildWeb } from '../../scripts/build-web.ts';
import { openBrowser, type Person } from './browser.ts';
import { type FakeServer, startFakeServer } from './fake-server.ts';

/** What a browser test works with; a new server for each test, one build of the page for each file. */
export interface World {
  readonly server: () => FakeServer;
  /** A person with a browser, who opens a link when one is given. */
  person(link?: string, options?: BrowserContextOptions): Promise<Person>;
}

/** Sets builds, servers and browsers up and takes them down again. */
export function useWorld(): World {
  let folder = '';
  let server: FakeServer | undefined;
  let people: Person[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rackwright-web-'));
    await buildWeb(folder);
  });
  beforeEach(async () => {
    server = await startFakeServer(folder);
  });
  afterEach(async () => {
    await Promise.all(people.map((person) => person.close()));
    people = [];
    await server?.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    server() {
      if (server === undefined) throw new Error('only in a test');
      return server;
    },
    async person(link, options) {
      const person = await openBrowser(options);
      people.push(person);
      if (link !== undefined) await person.page.goto(link);
      return person;
    },
  };
}

/** A boot's output, `lines` kernel lines long, as a serial console prints it. */
export function bootText(lines: number): string {
  const kernel = Array.from({ length: lines }, (_, index) => {
    const time = (index * 0.0173).toFixed(6).padStart(12);
    return `[${time}] \x1b[33mpci 0000:00:${(index % 32).toString(16).padStart(2, '0')}.0\x1b[0m: BAR ${index % 6}: line ${index} of the boot\r\n`;
  });
  return `SeaBIOS (version 1.16.2)\r\n\r\niPXE (http://ipxe.org) starting\r\n${kernel.join('')}`;
}
