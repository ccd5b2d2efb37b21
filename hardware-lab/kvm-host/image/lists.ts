import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, run } from '../../../inspector/builder/tools.ts';

/** The release of Debian that the host runs. */
const codename = 'bookworm';

/** Lines of a list without their comments. */
function readList(name: string): readonly string[] {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
    .split('\n')
    .map((line) => line.replace(/(?:^| )#.*/, '').trim())
    .filter((line) => line !== '');
}

/** Debian packages of the host, without those that they depend on. */
export const hostPackages = (): readonly string[] => readList('packages.txt');

/** Patterns of files that dpkg shall not unpack. */
export const leftOut = (): readonly string[] => readList('left-out.txt');

/** One Debian archive: where, which suite, which component. sources.list(5) */
interface Archive {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
}

/** Reads lines of `uri|suite|component|codename`; archives of other releases are left out, doubles too. */
export function parseIndexTargets(text: string): readonly Archive[] {
  const lines = [...new Set(text.split('\n'))].map((line) => line.split('|'));
  return lines.flatMap(([uri = '', suite = '', component = '', release = '']) =>
    release === codename || release.startsWith(`${codename}-`) ? [{ uri, suite, component }] : [],
  );
}

/**
 * The text of a sources.list(5) with the Debian archives that this machine's apt uses itself, so that the build asks no other
 * server. Throws BuildError `input` when it uses none of this release.
 */
export function debianSources(keyring: string): string {
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CODENAME)';
  const text = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages', 'Origin: Debian']);
  const archives = parseIndexTargets(text.toString());
  if (!archives.some(({ suite, component }) => suite === codename && component === 'main')) {
    throw new BuildError(
      'input',
      `apt knows no packages of Debian ${codename}: add ${codename} main to its sources and run apt-get update`,
    );
  }
  return archives
    .map(({ uri, suite, component }) => `deb [signed-by=${keyring}] ${uri} ${suite} ${component}\n`)
    .toSorted()
    .join('');
}
