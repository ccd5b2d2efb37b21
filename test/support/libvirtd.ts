import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetError } from '../../src/net/errors.ts';
import type { CommandOptions, CommandResult, HostShell } from '../../src/net/shell.ts';
import { needRoot, needTools } from './need.ts';

/** A libvirtd of our own on this machine. Its files, processes and network are seen by nobody else and end with it. */
export interface LibvirtLab {
  /** Commands as on the host of that libvirtd; the folders of libvirt and of Rackwright are its own. */
  readonly shell: HostShell;
  /** Where its files lie outside: `rackwright` is its /var/lib/rackwright, `lib` its /var/lib/libvirt. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * The first process of a PID namespace: when it ends, so does every emulator, also when the test run is killed, for then its standard
 * input ends. It waits, so that emulators that ended do not stay as zombies, which libvirt would take for living ones.
 */
const script = `
set -e
folder=$1
mount --make-rprivate /
for pair in etc:/etc/libvirt run:/run/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt rackwright:/var/lib/rackwright lock:/run/lock; do
  mkdir -p "$folder/\${pair%%:*}" "\${pair#*:}"
  mount --bind "$folder/\${pair%%:*}" "\${pair#*:}"
done
# The bridges of this network namespace.
mount -t sysfs sysfs /sys
# libvirt asks every emulator that it finds what it can do, which takes a while.
for emulator in /usr/bin/qemu-system-*; do
  [ "$emulator" = /usr/bin/qemu-system-x86_64 ] || mount --bind /dev/null "$emulator"
done
# It asks again at every command when its user cannot open the /dev/kvm that root saw.
if [ -c /dev/kvm ]; then
  mknod -m 0666 "$folder/kvm" c 10 232
  mount --bind "$folder/kvm" /dev/kvm
fi
mkdir -p /etc/libvirt/qemu
printf '%s\\n' 'stdio_handler = "file"' 'security_driver = "none"' \\
  'cgroup_controllers = [ ]' 'namespaces = [ ]' 'remember_owner = 0' >/etc/libvirt/qemu.conf
printf '%s\\n' 'unix_sock_dir = "/run/libvirt"' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' \\
  "log_outputs = \\"3:file:$folder/libvirtd.log\\"" >/etc/libvirt/libvirtd.conf
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
exec 3<&0
libvirtd -f /etc/libvirt/libvirtd.conf -p "$folder/libvirtd.pid" 3<&- &
daemon=$!
(cat <&3 >/dev/null; kill -9 "$daemon") &
wait "$daemon"
`;

const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** True when this machine can run one; else the reason is printed (an error under CI=true). */
export function needLibvirtd(): boolean {
  const tools = needTools(
    { tool: 'libvirtd', package: 'libvirt-daemon' },
    { tool: 'virsh', package: 'libvirt-clients' },
    { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' },
    { tool: 'qemu-img', package: 'qemu-utils' },
    { tool: 'unshare', package: 'util-linux' },
    { tool: 'ip', package: 'iproute2' },
  );
  if (!tools || !needRoot()) return false;
  const made = spawnSync('unshare', [...namespaces, 'true'], { encoding: 'utf8' });
  if (made.status === 0) return true;
  const text = `namespaces cannot be made here: ${made.stderr.trim()}`;
  if (process.env['CI'] === 'true') throw new Error(text);
  process.stderr.write(`skipped: ${text}\n`);
  return false;
}

/** Starts one; it answers when this resolves. */
export async function startLibvirtd(): Promise<LibvirtLab> {
  const folder = mkdtempSync(join(tmpdir(), 'rw-libvirtd-'));
  mkdirSync(join(folder, 'rackwright'));
  const child = spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) break;
    const inner = firstProcess(child.pid);
    if (inner !== undefined && existsSync(join(folder, 'run', 'libvirt-sock'))) {
      const shell = shellIn(inner);
      const answer = await shell.run(['virsh', '-c', 'qemu:///system', 'uri']);
      if (answer.exitCode === 0) return { shell, folder, close };
    }
    await sleep(100);
  }
  await close();
  throw new Error(`libvirtd did not come up: ${said}`);
}

/** The one child of `unshare --fork`. */
function firstProcess(parent: number | undefined): string | undefined {
  if (parent === undefined) return undefined;
  const path = `/proc/${parent}/task/${parent}/children`;
  const child = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return /^\d+$/.test(child) ? child : undefined;
}

function shellIn(pid: string): HostShell {
  return {
    run: (argv, options = {}) => runIn(pid, argv, options),
    follow: () => Promise.reject(new NetError('refused', 'this shell follows nothing')),
    connect: () => Promise.resolve(new Duplex()),
    closed: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
}

function runIn(pid: string, argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', ['-t', pid, '-m', '-n', '-p', '--', ...argv]);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stderr.on('data', (part: Buffer) => err.push(part));
    child.stdin.on('error', () => undefined);
    child.once('error', (cause) => reject(new NetError('closed', 'nsenter did not start', { cause })));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        exitCode: code ?? undefined,
        signal: signal ?? undefined,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        truncated: false,
      });
    });
    child.stdin.end(options.input ?? '');
  });
}
