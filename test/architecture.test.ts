import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(/^\s*(?:import|export)\b[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]/gms)];
  const bare = [
    ...text.matchAll(/^\s*import\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
  ];
  return [...found, ...bare].map((match) => match[1] as string);
}

interface Edge {
  readonly from: string;
  /** `src/...` path for a relative import, the specifier itself for a package. */
  readonly to: string;
  readonly isPackage: boolean;
}

const sources = filesUnder('src');
const edges: Edge[] = sources.flatMap((from) =>
  importsOf(from).map((specifier) =>
    specifier.startsWith('.')
      ? { from, to: relative(root, resolve(root, dirname(from), specifier)), isPackage: false }
      : { from, to: specifier, isPackage: true },
  ),
);

/** First folder below src, or the file's name for files directly in src. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

function complaints(rule: (edge: Edge) => boolean): string[] {
  return edges.filter(rule).map((edge) => `${edge.from} -> ${edge.to}`);
}

/** Rooms that a room may import besides its own folder and base; `ports` and `index` say through which file. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['*'],
  'config.ts': [],
  // Parts of main.ts, for it alone.
  compose: ['*'],
  cli: ['main.ts', 'config.ts', 'console/protocol.ts'],
  base: [],
  net: [],
  pxe: ['net'],
  ipmi: ['net'],
  hostcfg: [],
  platform: [],
  kvm: ['net'],
  iommu: ['kvm/index.ts', 'net'],
  console: ['net/errors.ts', 'net/tcp.ts', 'ipmi/index.ts'],
  provision: ['hostcfg/index.ts', 'ipmi/index.ts', 'pxe/ports.ts', 'pxe/index.ts'],
  store: [
    'provision/ports.ts',
    'provision/model.ts',
    'pxe/ports.ts',
    'api/ports.ts',
    'hostcfg/index.ts',
    'platform/ports.ts',
    'platform/model.ts',
    'kvm/ports.ts',
    'kvm/model.ts',
    'iommu/ports.ts',
    'iommu/model.ts',
  ],
  api: [
    'provision/index.ts',
    'platform/index.ts',
    'hostcfg/index.ts',
    'kvm/index.ts',
    'iommu/index.ts',
    'console/index.ts',
    'store/errors.ts',
  ],
};

it('finds the sources and their imports', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(edges.length).toBeGreaterThan(150);
  expect(new Set(sources.map(roomOf))).toEqual(new Set(Object.keys(allowed)));
});

it('imports point down only, through the doors named here', () => {
  expect(
    complaints((edge) => {
      if (edge.isPackage) return false;
      if (!edge.to.startsWith('src/')) return true;
      const from = roomOf(edge.from);
      const to = roomOf(edge.to);
      if (to === from || to === 'base') return false;
      const doors = allowed[from] ?? [];
      return !doors.some(
        (door) => door === '*' || edge.to === `src/${door}` || edge.to.startsWith(`src/${door}/`),
      );
    }),
  ).toEqual([]);
});

it('keeps pure rooms free of Node and packages', () => {
  const pure = /^src\/(?:base|hostcfg)\/|\/wire\/|\/parse\/|\/render\/|^src\/ipmi\/commands\//;
  expect(complaints((edge) => edge.isPackage && pure.test(edge.from))).toEqual([]);
  expect(
    complaints(
      (edge) => edge.from.startsWith('src/ipmi/crypto/') && edge.isPackage && edge.to !== 'node:crypto',
    ),
  ).toEqual([]);
});

it('keeps clocks, randomness and logging out of decisions', () => {
  const decisions = sources.filter((file) =>
    /\/(?:reply|transfer|session|plan|transitions|boot-steps|step|diagnosis)(?:\.ts$|\/)/.test(file),
  );
  expect(decisions.length).toBeGreaterThan(4);
  const impure = decisions.filter((file) =>
    /\bDate\b|\bsetTimeout\b|\bsetInterval\b|Math\.random|node:crypto|\bpino\b|\bprocess\b/.test(
      readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
    ),
  );
  expect(impure).toEqual([]);
});

it('gives better-sqlite3 to the store only, and settings to config, main and cli only', () => {
  expect(complaints((edge) => edge.to === 'better-sqlite3' && !edge.from.startsWith('src/store/'))).toEqual(
    [],
  );
  expect(
    complaints((edge) => ['koffi', 'ssh2'].includes(edge.to) && !edge.from.startsWith('src/net/')),
  ).toEqual([]);
  expect(complaints((edge) => edge.to === '@xmldom/xmldom' && edge.from !== 'src/kvm/xml.ts')).toEqual([]);
  const readers = sources.filter((file) =>
    /\bprocess\.(?:env|argv)\b/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(readers.filter((file) => !/^src\/(?:config\.ts|main\.ts|cli\/)/.test(file))).toEqual([]);
});

it('indexes outside bytes only in base/bytes.ts', () => {
  const wires = sources.filter((file) => /\/wire\/|^src\/ipmi\/commands\//.test(file));
  expect(wires.length).toBeGreaterThan(8);
  expect(
    wires.filter((file) =>
      /\b(?:bytes|data|buf|buffer|packet)\[[^\]]+\]/.test(readFileSync(join(root, file), 'utf8')),
    ),
  ).toEqual([]);
});

it('lets the page know the messages of a console, and nothing else of the server', () => {
  const page = filesUnder('web');
  expect(page.length).toBeGreaterThan(10);
  const known = /^src\/(?:console\/protocol|base\/(?:bytes|errors))\.ts$/;
  const wrong = page.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => relative(root, resolve(root, dirname(file), specifier)))
      .filter((to) => !to.startsWith('web/') && !known.test(to))
      .map((to) => `${file} -> ${to}`),
  );
  expect(wrong).toEqual([]);
});

it('keeps every file under 500 lines', () => {
  const folders = ['test', 'hardware-lab', 'web', 'scripts', 'bench'].flatMap(filesUnder);
  const long = [...sources, ...folders].filter(
    (file) => readFileSync(join(root, file), 'utf8').split('\n').length > 500,
  );
  expect(long).toEqual([]);
});
