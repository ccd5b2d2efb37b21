import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type KickstartInput, renderKickstart } from '../../src/hostcfg/index.ts';
import { parseKickstart } from '../support/kickstart-check.ts';
import { needTools } from '../support/need.ts';
import { runScript, shells, shellTools, temporaryFolder } from '../support/shells.ts';
import { attendedInput, bondedInput, plainInput } from './samples.ts';

const folder = resolve(import.meta.dirname, '../fixtures/kickstart');
const inputs: Readonly<Record<string, KickstartInput>> = {
  'attended.ks': attendedInput,
  'bonded.ks': bondedInput,
  'plain.ks': plainInput,
};

describe('golden kickstarts', () => {
  it('are all rendered by a test', () => {
    expect(readdirSync(folder).toSorted()).toEqual(Object.keys(inputs));
  });

  it.each(Object.entries(inputs))('%s is what is rendered', (name, input) => {
    const path = join(folder, name);
    const text = renderKickstart(input);
    const golden = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    if (golden !== text && process.env['UPDATE_GOLDEN'] === 'true') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    // Updating still fails this run: read what changed before you commit it.
    expect(text).toBe(golden);
  });
});

const scripts = Object.entries(inputs).flatMap(([name, input]) =>
  parseKickstart(renderKickstart(input)).scripts.map(({ kind, body }, index) => ({
    name: `${name} ${index} %${kind}`,
    body,
  })),
);

describe.skipIf(!needTools(...shellTools))('the scripts of golden kickstarts', () => {
  it.each(shells)('are read by %s', async (_name, ...command) => {
    expect(scripts).toHaveLength(10);
    const temporary = temporaryFolder();
    for (const { name, body } of scripts) {
      const result = await runScript([...command, '-n'], body, temporary);
      expect({ name, ...result }).toEqual({ name, status: 0, stdout: '', stderr: '' });
    }
    rmSync(temporary, { recursive: true });
  });
});

describe.skipIf(!needTools({ tool: 'shellcheck', package: 'shellcheck' }))('shellcheck', () => {
  it.each(scripts)('finds no fault and no bashism in $name', ({ body }) => {
    // SC2034: `lost` is for the script that cares, the one of %post.
    const check = spawnSync('shellcheck', ['--shell=sh', '--exclude=SC2034', '-'], {
      input: body,
      encoding: 'utf8',
    });
    expect(check.stdout).toBe('');
    expect(check.status).toBe(0);
  });
});
