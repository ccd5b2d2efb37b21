import type { StreamTarget } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';
import type { VmInstance } from '../model.ts';
import type { RedirectProtocol } from '../service.ts';
import { reachable } from '../reachable.ts';
import { isRunning } from './live.ts';

/** Where a redirect stream goes. `key` names a channel that takes one client only. */
export interface RedirectChannel {
  readonly protocol: RedirectProtocol;
  readonly target: StreamTarget;
  readonly key: string | undefined;
}

const refused = (text: string): KvmError => new KvmError('refused', text);

/** The VM's SPICE port, through which its viewers reach the redirect channels of kind spicevmc. */
function spiceOf({ name, domain }: VmInstance): RedirectChannel {
  const spice = domain?.graphics.find(({ kind }) => kind === 'spice');
  if (spice?.socket !== undefined) {
    return { protocol: 'spice', target: { socketPath: spice.socket }, key: undefined };
  }
  if (spice?.port !== undefined && spice.port > 0) {
    const target = { host: reachable(spice.listen), port: spice.port };
    return { protocol: 'spice', target, key: undefined };
  }
  const text = `the USB redirect of VM ${name} goes through SPICE, and it has no SPICE port without TLS; give its definition one and restart it`;
  throw refused(text);
}

/** A redirect channel of a VM that is not in `busy`. Throws KvmError `refused` that says what to do. */
export function pickChannel(vm: VmInstance, busy: ReadonlySet<string>): RedirectChannel {
  if (!isRunning(vm)) throw refused(`VM ${vm.name} is ${vm.state}; start it first`);
  const channels = vm.domain?.redirections ?? [];
  if (channels.length === 0) {
    throw refused(
      `VM ${vm.name} runs without USB redirect; enable it by SetVmUsbRedirect and restart the VM`,
    );
  }
  const own = channels.flatMap((channel): RedirectChannel[] => {
    if (channel.kind === 'spicevmc') return [];
    const target =
      channel.kind === 'unix'
        ? { socketPath: channel.path }
        : { host: reachable(channel.host), port: channel.port };
    return [{ protocol: 'usbredir', target, key: `${vm.uuid} ${JSON.stringify(target)}` }];
  });
  if (own.length === 0) return spiceOf(vm);
  const free = own.find(({ key }) => key !== undefined && !busy.has(key));
  if (free !== undefined) return free;
  throw refused(
    `all ${own.length} USB redirect channels of VM ${vm.name} are in use; close one of them first`,
  );
}
