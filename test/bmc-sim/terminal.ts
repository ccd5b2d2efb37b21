import { spawn } from 'node:child_process';

/** A program at a terminal, typed at and read by a test. */
export interface Terminal {
  /** Resolves once the text was written (after what was waited for before); rejects with all that was written when the program ends. */
  sees(text: string): Promise<void>;
  types(text: string): void;
  /** Ends the program and waits for it. */
  close(): Promise<void>;
}

export const terminalTool = { tool: 'script', package: 'bsdutils' } as const;

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs a program at a terminal of its own, which `script` makes. */
export function openTerminal(program: string, args: readonly string[]): Terminal {
  const line = [program, ...args].map(quoted).join(' ');
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, PATH: path } });
  let text = '';
  let ended = false;
  let look = (): void => {};
  child.stdin.on('error', () => {}); // a program may end without reading its input
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    look();
  });
  const done = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      look();
      resolve();
    });
  });
  return {
    sees: (wanted) =>
      new Promise((resolve, reject) => {
        look = () => {
          const at = text.indexOf(wanted);
          if (at >= 0) {
            text = text.slice(at + wanted.length);
            look = () => {};
            resolve();
          } else if (ended) {
            reject(new Error(`${program} ended without "${wanted}"; it wrote: ${text}`));
          }
        };
        look();
      }),
    types: (input) => void child.stdin.write(input),
    async close() {
      child.kill('SIGTERM');
      await done;
    },
  };
}
