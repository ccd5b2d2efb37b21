import type { RandomBytes } from '../../base/random.ts';
import type { VmInstance } from '../model.ts';
import type { HostHands } from './context.ts';

/** Below the ports that systems give out themselves, and clear of VNC and SPICE. */
const first = 20_000;
const last = 29_999;

/** TCP ports of the host that nobody listens on and no VM's redirect channel is meant for. */
export async function freePorts(
  hands: Pick<HostHands, 'run'>,
  count: number,
  vms: readonly VmInstance[],
  random: RandomBytes,
): Promise<readonly number[]> {
  const tables = await hands.run(['cat', '/proc/net/tcp', '/proc/net/tcp6']);
  const taken = portsIn(tables.stdout);
  for (const vm of vms) {
    for (const channel of vm.domain?.redirections ?? []) {
      if (channel.kind === 'tcp') taken.add(channel.port);
    }
  }
  const [high = 0, low = 0] = random(2);
  const size = last - first + 1;
  const start = (high * 256 + low) % size;
  return Array.from({ length: size }, (_, step) => first + ((start + step) % size))
    .filter((port) => !taken.has(port))
    .slice(0, count);
}

/** Local ports of the kernel's tables, `sl: address:port ...` in hex. */
function portsIn(tables: string): Set<number> {
  const found = tables.matchAll(/^\s*\d+: [0-9A-F]{8,32}:([0-9A-F]{4}) /gm);
  return new Set([...found].map((match) => Number.parseInt(match[1] ?? '0', 16)));
}
