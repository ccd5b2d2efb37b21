import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HostShell } from '../../../src/net/shell.ts';
import type { Tree } from '../../fixtures/kvm/topology.ts';

/** A folder that stands for the root of a host, with a folder of programs before those of this machine. */
export interface MadeUpRoot {
  readonly root: string;
  readonly shell: Pick<HostShell, 'run'>;
  /** Writes a text file below the root. */
  file(path: string, text: string): void;
  /** Puts a shell script in the place of a program; each call is noted. */
  program(name: string, script: string): void;
  /** Arguments of each call of the programs, in order. */
  calls(): readonly string[];
  /** How often the genuine script was started. */
  readonly runs: () => number;
  close(): void;
}

/** Makes a root. `path`: folders of this machine where other programs are found. */
export function madeUpRoot(path = '/usr/bin:/bin'): MadeUpRoot {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'));
  const root = join(folder, 'root');
  const programs = join(folder, 'bin');
  const log = join(folder, 'calls');
  mkdirSync(join(root, 'sys/class'), { recursive: true });
  mkdirSync(programs);
  writeFileSync(log, '');
  let runs = 0;
  return {
    root,
    shell: {
      async run(argv, options = {}) {
        runs += 1;
        return runHere(argv, options, { PATH: `${programs}:${path}` });
      },
    },
    file(name, text) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    },
    program(name, script) {
      const file = join(programs, name);
      rmSync(file, { force: true });
      writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>'${log}'\n${script}\n`);
      chmodSync(file, 0o755);
    },
    calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
    runs: () => runs,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A shell of this machine, as far as a look needs one. */
export const shellHere: Pick<HostShell, 'run'> = {
  run: async (argv, options = {}) => runHere(argv, options, process.env),
};

function runHere(
  argv: readonly string[],
  options: NonNullable<Parameters<HostShell['run']>[1]>,
  env: NodeJS.ProcessEnv,
): Awaited<ReturnType<HostShell['run']>> {
  const [program = '', ...args] = argv;
  const found = spawnSync(program, args, {
    input: options.input ?? '',
    env,
    encoding: 'utf8',
    maxBuffer: options.maxBytes ?? 1024 * 1024,
    timeout: options.timeoutMs ?? 30_000,
  });
  return {
    exitCode: found.status ?? undefined,
    signal: found.signal ?? undefined,
    stdout: found.stdout,
    stderr: found.stderr,
    truncated: found.error !== undefined,
  };
}

/** Writes a tree of sysfs below a root. */
export function writeTree(host: MadeUpRoot, tree: Tree): void {
  for (const [path, text] of tree.files) host.file(path, `${text}\n`);
  for (const [path, target] of tree.links) {
    mkdirSync(dirname(join(host.root, path)), { recursive: true });
    symlinkSync(target, join(host.root, path));
  }
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
/** Uuids of those domains. */
export const uuidOf = (index: number): string =>
  `6695eb01-f6a4-4304-b9aa-${index.toString(16).padStart(12, '0')}`;

/** Domains of libvirt's test driver on a host, every other one shut off (the driver's state 5); the libvirt URI that has them. */
export function withDomains(host: MadeUpRoot, names: readonly string[]): string {
  const domains = names.map(
    (name, index) => `<domain type="test" xmlns:test="http://libvirt.org/schemas/domain/test/1.0">
      <name>${escape(name)}</name><uuid>${uuidOf(index)}</uuid><title>${escape(`title ${name}`)}</title>
      <description>${escape(`line\n0edcba98765432100edcba9876543210:done\n${name}`)}</description>
      <memory>8388608</memory><vcpu>2</vcpu><os><type>hvm</type></os>
      <test:runstate>${index % 2 === 0 ? 1 : 5}</test:runstate></domain>`,
  );
  host.file('node.xml', `<node>${domains.join('\n')}</node>`);
  return `test://${join(host.root, 'node.xml')}`;
}
