import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/run.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, openApi } from '../support/api-world.ts';

/** Keeps what is written; with `isTTY` set it passes for a terminal. */
export class Sink extends Writable {
  text = '';
  isTTY = false;
  columns = 80;
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

/** What a command answered. */
interface CliAnswer {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The command line in front of an API over a real store, with a home of its own. */
export interface Cli {
  readonly world: ApiWorld;
  readonly home: string;
  rackwright(
    argv: readonly string[],
    stdin?: string | Uint8Array,
    env?: Record<string, string>,
    terminal?: { readonly columns: number },
  ): Promise<CliAnswer>;
  /** The parsed answer of a command under --json. */
  json<Answer>(...argv: readonly string[]): Promise<Answer>;
  logIn(): Promise<CliAnswer>;
  close(): Promise<void>;
}

export async function openCli(): Promise<Cli> {
  const world = await openApi();
  const home = mkdtempSync(join(tmpdir(), 'rackwright-cli-'));
  const rackwright: Cli['rackwright'] = async (argv, stdin = '', env = {}, terminal?) => {
    const [stdout, stderr] = [new Sink(), new Sink()];
    if (terminal !== undefined) Object.assign(stderr, { isTTY: true, columns: terminal.columns });
    const whole = { HOME: home, RACKWRIGHT_URL: world.api.url, ...env };
    const status = await run(argv, { env: whole, stdin: Readable.from([stdin]), stdout, stderr });
    return { status, out: stdout.text, err: stderr.text };
  };
  return {
    world,
    home,
    rackwright,
    async json<Answer>(...argv: readonly string[]) {
      return JSON.parse((await rackwright([...argv, '--json'])).out) as Answer;
    },
    logIn: () => rackwright(['login'], '', { RACKWRIGHT_PASSWORD: adminPassword }),
    async close() {
      await world.close();
      rmSync(home, { recursive: true });
    },
  };
}
