import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Gate } from './gate.ts';
import { type LabProcess, waitFor } from './processes.ts';
import type { Topology } from './topology.ts';

/** A kernel with its initrd, files on this machine. */
export interface BootPair {
  readonly kernel: string;
  readonly initrd: string;
}

/** What a lab asks Rackwright to boot, and how patient it is. */
export interface RackwrightSettings {
  readonly inspector: BootPair & { readonly kernelArguments?: readonly string[] };
  readonly installer: BootPair & { readonly kernelArguments?: readonly string[]; readonly url?: string };
  readonly provision?: {
    readonly inspectMinutes?: number;
    readonly rebootMinutes?: number;
    readonly installMinutes?: number;
  };
  /** Further top-level keys of the configuration file, laid over the lab's own. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The product as a process of its own inside the rack's namespace. */
export interface RackwrightProcess {
  /** Base of the API as seen from inside, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly adminPassword: string;
  readonly logFile: string;
  readonly configFile: string;
  readonly dataDirectory: string;
  pid(): number | undefined;
  /** Starts it when it does not run and waits until it is ready. */
  start(): Promise<void>;
  /** Asks it to end (SIGTERM) and waits. */
  stop(): Promise<void>;
  /** Kill -9, as a power cut would. */
  crash(): Promise<void>;
  /** Everything it wrote to its log so far. */
  log(): string;
}

const repository = resolve(import.meta.dirname, '..');

/** Writes the configuration into `folder` and answers the process, not yet started. */
export function prepareRackwright(options: {
  readonly folder: string;
  readonly topology: Pick<Topology, 'start'>;
  readonly gate: Pick<Gate, 'fetch'>;
  readonly settings: RackwrightSettings;
  /** Default 8080. */
  readonly port?: number;
}): RackwrightProcess {
  const { folder, topology, gate, settings, port = 8080 } = options;
  const adminPassword = randomBytes(12).toString('hex');
  const dataDirectory = join(folder, 'data');
  const passwordFile = join(folder, 'admin-password');
  const configFile = join(folder, 'rackwright.yaml');
  const logFile = join(folder, 'rackwright.log');
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${adminPassword}\n`, { mode: 0o600 });
  const config = {
    dataDirectory,
    api: { address: '127.0.0.1', port },
    admin: { passwordFile },
    inspector: settings.inspector,
    installer: settings.installer,
    ...(settings.provision === undefined ? {} : { provision: settings.provision }),
    ...settings.extra,
  };
  // JSON is YAML.
  writeFileSync(configFile, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });

  let current: LabProcess | undefined;
  const lastWords = (): string => readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join('\n');
  return {
    url: `http://127.0.0.1:${port}`,
    adminPassword,
    logFile,
    configFile,
    dataDirectory,
    pid: () => (current?.isRunning() === true ? current.pid : undefined),
    async start() {
      if (current?.isRunning() === true) return;
      const started = await topology.start(
        process.execPath,
        ['--import', 'tsx', 'src/cli/main.ts', 'serve', '--config', configFile],
        { logFile, cwd: repository },
      );
      current = started;
      await waitFor(
        'Rackwright to be ready',
        60_000,
        async () => {
          if (!started.isRunning()) throw new Error(`Rackwright ended at once: ${lastWords()}`);
          try {
            const answer = await gate.fetch(`http://127.0.0.1:${port}/v1/management-nodes/ready`, {
              timeoutMs: 2000,
            });
            return answer.status === 200 ? true : undefined;
          } catch {
            return undefined;
          }
        },
        100,
      );
    },
    async stop() {
      await current?.stop(15_000);
    },
    async crash() {
      await current?.kill();
    },
    log: () => readFileSync(logFile, 'utf8'),
  };
}
