import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const repository = resolve(import.meta.dirname, '..');
const source = join(repository, 'web');

/** The page is small, so that it opens fast from far away. */
const mostBytes = 1_000_000;

/** Libraries in the bundle; their licences want to be passed on. */
const libraries = [
  ['@xterm/xterm', 'LICENSE'],
  ['@xterm/addon-fit', 'LICENSE'],
  ['@xterm/addon-search', 'LICENSE'],
  ['@novnc/novnc', 'LICENSE.txt'],
  ['@novnc/novnc', 'docs/LICENSE.MPL-2.0'],
  ['@novnc/novnc', 'vendor/pako/LICENSE'],
] as const;

/**
 * Bundles the console's page into `folder` (emptied before): index.html, one script, one style sheet with a hash of the content in
 * their names, and the libraries' licences. The same sources give the same bytes. Answers the names of the files.
 */
export async function buildWeb(folder: string): Promise<readonly string[]> {
  const { outputFiles } = await build({
    entryPoints: [join(source, 'main.ts'), join(source, 'style', 'page.css')],
    absWorkingDir: repository,
    outdir: folder,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const named = outputFiles.map(({ path, contents }) => {
    const ending = path.slice(path.lastIndexOf('.') + 1);
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12);
    return { ending, name: `console-${hash}.${ending}`, contents };
  });
  const nameOf = (ending: string): string => {
    const found = named.filter((file) => file.ending === ending);
    if (found.length !== 1) throw new Error(`the bundle has ${found.length} files .${ending}, not one`);
    return found[0]?.name ?? '';
  };
  const script = named.find(({ ending }) => ending === 'js')?.contents.length ?? 0;
  if (script > mostBytes) throw new Error(`the script has ${script} bytes, more than ${mostBytes}`);
  const page = (await readFile(join(source, 'index.html'), 'utf8'))
    .replace('{{css}}', nameOf('css'))
    .replace('{{js}}', nameOf('js'));
  const licences = await Promise.all(
    libraries.map(async ([library, file]) => {
      const text = await readFile(join(repository, 'node_modules', library, file), 'utf8');
      const about = await readFile(join(repository, 'node_modules', library, 'package.json'), 'utf8');
      const { version, homepage, repository: from } = JSON.parse(about) as Record<string, unknown>;
      return `${library} ${String(version)}, ${String(homepage ?? from)}: ${file}\n\n${text.trim()}\n`;
    }),
  );
  const files = [
    ...named,
    { name: 'index.html', contents: page },
    { name: 'licences.txt', contents: licences.join(`\n${'-'.repeat(72)}\n\n`) },
  ];
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { name, contents } of files) await writeFile(join(folder, name), contents);
  return files.map(({ name }) => name).toSorted();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist', 'web');
  for (const name of await buildWeb(folder)) process.stdout.write(`dist/web/${name}\n`);
}
