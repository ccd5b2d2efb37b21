import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SshShell } from '../../src/net/shell.ts';
import { openSsh } from '../../src/net/ssh.ts';
import { answering, type FakeKvmHost, startFakeKvmHost } from '../support/fake-kvm-host.ts';
import { targetOf } from '../support/fake-kvm-host-target.ts';

let fake: FakeKvmHost;
let shell: SshShell;
beforeEach(async () => {
  fake = await startFakeKvmHost();
  shell = await openSsh(targetOf(fake));
});
afterEach(async () => {
  await shell.close();
  await fake.close();
});

describe('a command', () => {
  it('gets its arguments and input as they are, and its ends are told apart', async () => {
    fake.behaviour.run = answering((argv, input) => ({
      stdout: JSON.stringify(argv),
      stderr: input,
      exitCode: 3,
    }));
    const argv = ['virsh', '-c', 'a b', "it's", '$(reboot)\n', ''];
    const result = await shell.run(argv, { input: 'line\nline' });
    expect(JSON.parse(result.stdout)).toEqual(argv);
    expect(result).toMatchObject({ exitCode: 3, signal: undefined, stderr: 'line\nline', truncated: false });
  });

  it('tells the signal that ended it', async () => {
    fake.behaviour.run = ({ channel }) => {
      channel.exit('KILL', false, '');
      channel.end();
    };
    expect(await shell.run(['x'])).toMatchObject({ exitCode: undefined, signal: 'SIGKILL' });
  });

  it('has neither code nor signal when the host says none', async () => {
    fake.behaviour.run = ({ channel }) => void channel.end('half');
    expect(await shell.run(['x'])).toMatchObject({ exitCode: undefined, signal: undefined, stdout: 'half' });
  });

  it('is cut at its limit, however much it prints', async () => {
    const much = 'x'.repeat(3_000_000);
    fake.behaviour.run = answering(() => ({ stdout: much }));
    const result = await shell.run(['yes'], { maxBytes: 1000 });
    expect(result).toMatchObject({ exitCode: 0, truncated: true, stdout: 'x'.repeat(1000) });
    expect((await shell.run(['yes'])).stdout).toHaveLength(1024 * 1024);
    fake.behaviour.run = answering(() => ({ stderr: 'x'.repeat(50_000) }));
    const loud = await shell.run(['yes'], { maxBytes: 1000 });
    expect(loud).toMatchObject({ exitCode: 0, truncated: true, stderr: 'x'.repeat(1000) });
  });

  it('replaces bytes that are no UTF-8', async () => {
    fake.behaviour.run = ({ channel }) => {
      channel.write(Buffer.from([0x61, 0xff, 0xc3, 0xa9]));
      channel.exit(0);
      channel.end();
    };
    expect((await shell.run(['x'])).stdout).toBe('a\uFFFDé');
  });

  it('that takes too long is closed and rejects; the next ones go on', async () => {
    let over = false;
    fake.behaviour.run = (command) => {
      command.channel.on('close', () => void (over = true));
    };
    await expect(shell.run(['sleep', '99'], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
    fake.behaviour.run = answering(() => ({ stdout: 'ok' }));
    expect((await shell.run(['x'])).stdout).toBe('ok');
    await vi.waitFor(() => expect(over).toBe(true));
    expect(fake.counts.logins).toBe(1);
  });

  it('that prints without end is ended by its time limit', async () => {
    fake.behaviour.run = ({ channel, isOver }) => {
      const more = (): void => {
        if (isOver()) return;
        channel.write('y\n'.repeat(10_000), () => setImmediate(more));
      };
      more();
    };
    await expect(shell.run(['yes'], { timeoutMs: 200 })).rejects.toMatchObject({ code: 'timeout' });
  });

  it('is refused with a text when the host opens no session at all', async () => {
    fake.behaviour.maxSessions = 0;
    const refused = shell.run(['x'], { timeoutMs: 200 });
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    await expect(refused).rejects.toThrow('MaxSessions');
  });
});

it('runs fifty commands through a host that gives two sessions', async () => {
  fake.behaviour.maxSessions = 2;
  fake.behaviour.run = answering((argv) => ({ stdout: argv[1] ?? '' }));
  const results = await Promise.all(Array.from({ length: 50 }, (_, i) => shell.run(['echo', String(i)])));
  expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
  expect(fake.counts.mostSessions).toBe(2);
});

it('rejects everything that is under way when the connection breaks', async () => {
  fake.behaviour.run = (command) => command.print('half an answer');
  const running = [shell.run(['a']), shell.run(['b'])];
  const ended: string[] = [];
  await shell.follow(['c'], { line: () => undefined, ended: (why) => ended.push(why) });
  fake.drop();
  for (const outcome of await Promise.allSettled(running)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
  }
  await expect(shell.run(['d'])).rejects.toMatchObject({ code: 'closed' });
  await expect(shell.connect({ host: '127.0.0.1', port: 1 })).rejects.toMatchObject({ code: 'closed' });
  expect(await shell.closed).toEqual(expect.any(String));
  expect(ended).toHaveLength(1);
});

describe('a follower', () => {
  it('tells lines, the last one without its end too, and its end once', async () => {
    fake.behaviour.run = ({ channel }) => {
      channel.write('one\ntw');
      channel.write('o\r\n\nlast');
      channel.exit(4);
      channel.end();
    };
    const lines: string[] = [];
    const ended = await new Promise<string>((resolve, reject) => {
      shell.follow(['virsh', 'event'], { line: (line) => lines.push(line), ended: resolve }).catch(reject);
    });
    expect(lines).toEqual(['one', 'two', '', 'last']);
    expect(ended).toContain('4');
  });

  it('cuts a line that never ends and goes on with the next', async () => {
    fake.behaviour.run = ({ channel }) => {
      channel.write('x'.repeat(200_000));
      channel.write('y\nnext\n');
      channel.end();
    };
    const lines: string[] = [];
    await new Promise<string>((resolve, reject) => {
      shell.follow(['x'], { line: (line) => lines.push(line), ended: resolve }).catch(reject);
    });
    expect(lines.map((line) => line.length)).toEqual([65_536, 4]);
  });

  it('is silent after it was closed, twice', async () => {
    fake.behaviour.run = ({ channel, isOver }) => {
      const more = (): void => {
        if (isOver()) return;
        channel.write('tick\n', () => setImmediate(more));
      };
      more();
    };
    let lines = 0;
    const ended: string[] = [];
    const following = await shell.follow(['x'], {
      line: () => void lines++,
      ended: (why) => ended.push(why),
    });
    await vi.waitFor(() => expect(lines).toBeGreaterThan(10));
    following.close();
    const before = lines;
    following.close();
    await vi.waitFor(() => expect(fake.counts.openSessions).toBe(0));
    expect(lines).toBe(before);
    expect(ended).toEqual(['it was closed']);
  });
});
