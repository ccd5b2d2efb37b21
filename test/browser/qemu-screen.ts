import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ScreenStream } from '../../src/console/ports.ts';

/** A machine with a screen that nobody here wrote: QEMU's VNC server, with a password. */
export interface QemuScreen {
  /** Connects to it; each call is a viewer of its own. */
  source(): ScreenStream;
  close(): Promise<void>;
}

/** Starts a machine without a disk that waits a minute for Esc, with SeaBIOS' boot menu on the screen after it. */
export async function startQemuScreen(): Promise<QemuScreen> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-vnc-'));
  const socket = join(folder, 'vnc.sock');
  const secret = join(folder, 'secret');
  const password = 'a-secret';
  await writeFile(secret, password, { mode: 0o600 });
  const machine = spawn(
    'qemu-system-x86_64',
    [
      '-display none -machine pc -accel tcg -m 64 -nodefaults -vga std -boot menu=on,splash-time=60000'.split(
        ' ',
      ),
      ['-object', `secret,id=vnc,file=${secret}`, '-vnc', `unix:${socket},password-secret=vnc`],
    ].flat(),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const close = async (): Promise<void> => {
    if (machine.exitCode === null) {
      machine.kill('SIGKILL');
      await once(machine, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 200 || machine.exitCode !== null) {
      await close();
      throw new Error('QEMU gave no VNC socket');
    }
    await pause(50);
  }
  return { source: () => ({ stream: connect(socket), password }), close };
}
