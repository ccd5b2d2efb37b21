import { expect, it } from 'vitest';
import { KvmError } from '../../../src/kvm/errors.ts';
import { probeHost } from '../../../src/kvm/probe/probe.ts';
import { probeScript } from '../../../src/kvm/probe/script.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { CommandOptions, CommandResult } from '../../../src/net/shell.ts';

const boundary = 'ab'.repeat(16);
const whole = `\n${boundary}:begin:hostname\nhost\n\n${boundary}:end:hostname:0\n\n${boundary}:done\n`;

function look(answer: Partial<CommandResult> | Error) {
  const calls: { argv: readonly string[]; options: CommandOptions | undefined }[] = [];
  const probe = probeHost(
    {
      async run(argv, options) {
        calls.push({ argv, options });
        if (answer instanceof Error) throw answer;
        return { exitCode: 0, signal: undefined, stdout: whole, stderr: '', truncated: false, ...answer };
      },
    },
    { libvirtUri: 'qemu:///system', now: () => 42, boundary },
  );
  return { probe, calls };
}

it('runs one constant script; what differs is an argument', async () => {
  const { probe, calls } = look({});
  expect(await probe).toEqual({ sections: new Map([['hostname', 'host\n']]), failures: new Map(), time: 42 });
  expect(calls).toHaveLength(1);
  expect(calls[0]?.argv).toEqual(['sh', '-s', '--', 'qemu:///system', boundary, '']);
  expect(calls[0]?.options?.input).toBe(probeScript);
});

it.each([
  ['no shell', { exitCode: 127 }, 'host-unfit', /POSIX shell/],
  ['no sysfs', { exitCode: 72 }, 'host-unfit', /sysfs/],
  [
    'a shell that was ended',
    { exitCode: undefined, signal: 'KILL', stdout: whole.slice(0, 60) },
    'command-failed',
    /signal KILL/,
  ],
  ['a look that was cut', { truncated: true }, 'command-failed', /too much output/],
  [
    'a script that failed',
    { exitCode: 2, stdout: '', stderr: 'sh: syntax error' },
    'command-failed',
    /syntax error/,
  ],
  [
    'a look without its end',
    { stdout: whole.replace(':done', ':dune') },
    'command-failed',
    /ended before its time/,
  ],
  ['a time-out', new NetError('timeout', 'slow'), 'command-failed', /longer than 120 s/],
  ['a lost connection', new NetError('closed', 'gone'), 'host-disconnected', /gone/],
] as const)('refuses %s', async (_, answer, code, text) => {
  const { probe } = look(answer);
  await expect(probe).rejects.toThrow(KvmError);
  await expect(probe).rejects.toMatchObject({ code, message: expect.stringMatching(text) as string });
});

it('keeps the last words of a program that failed', async () => {
  const stdout = `\n${boundary}:begin:versions\nerror: no libvirtd\n\n${boundary}:end:versions:1\n\n${boundary}:done\n`;
  const probe = await look({ stdout }).probe;
  expect(probe.sections.has('versions')).toBe(false);
  expect(probe.failures?.get('versions')).toBe('error: no libvirtd');
});
