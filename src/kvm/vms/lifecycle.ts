import type { VmInstance } from '../model.ts';
import type { VmService } from '../service.ts';
import { refused, type VmContext, type VmHands } from './context.ts';
import { alignRedirections } from './usb-redirect.ts';

/** Pinning a large guest's memory for devices takes minutes. */
const startTimeoutMs = 10 * 60_000;
const graceMs = 120_000;
const askAgainMs = 30_000;
const pollMs = 2000;

function refuseDestroyed(vm: VmInstance): void {
  if (vm.state === 'Destroyed') throw refused(`VM ${vm.name} is destroyed; RecoverVmInstance brings it back`);
}

/** A transient domain has no definition on the disk: once off, there would be nothing left to start. */
function refuseTransient(vm: VmInstance): void {
  if (vm.domain?.persistent === false) {
    throw refused(
      `VM ${vm.name} is transient: stopping it would remove it from its host; define it there first (virsh dumpxml, virsh define), or destroy it`,
    );
  }
}

/** Brings the definition in line with the tags and starts; running already is a success. */
export async function startDomain(context: VmContext, hands: VmHands): Promise<void> {
  const { vm, virsh, domain } = hands;
  const state = await hands.state();
  if (state === 'Running') return;
  if (state === 'Paused') throw refused(`VM ${vm.name} is paused; ResumeVmInstance lets it go on`);
  if (state === 'Crashed') throw refused(`VM ${vm.name} has crashed; stop it with type cold, then start it`);
  await alignRedirections(context, hands);
  await virsh.run(['start', domain], { timeoutMs: startTimeoutMs });
}

/** Start, stop, reboot, pause and resume. */
export function createLifecycle(
  context: VmContext,
): Pick<VmService, 'startVm' | 'stopVm' | 'rebootVm' | 'pauseVm' | 'resumeVm'> {
  const { clock, notify, log } = context.deps;

  async function askToStop({ vm, virsh, domain, state }: VmHands): Promise<void> {
    const until = clock.now() + graceMs;
    let askAt = clock.now();
    while (clock.now() < until) {
      if (clock.now() >= askAt) {
        // A guest that is just booting forgets the first press of the button.
        const asked = await virsh.attempt(['shutdown', domain]);
        if (asked.exitCode !== 0) log.debug({ vm: vm.uuid, said: asked.stderr }, 'shutdown was not taken');
        askAt = clock.now() + askAgainMs;
      }
      if ((await state()) === 'Stopped') return;
      await context.wait(pollMs);
    }
    if ((await state()) === 'Stopped') return;
    throw refused(
      `VM ${vm.name} did not stop within ${graceMs / 1000} s: its guest does not heed ACPI; it still runs. Stop it with type cold to pull the plug`,
    );
  }

  return {
    startVm: (uuid, where) =>
      context.exclusive(uuid, async (vm) => {
        refuseDestroyed(vm);
        const place = vm.hostUuid ?? vm.lastHostUuid;
        if (where?.hostUuid !== undefined && where.hostUuid !== place) {
          throw refused(
            `VM ${vm.name} lies on host ${place ?? 'unknown'}; it is not moved. Start it without hostUuid, or move it with virsh migrate`,
          );
        }
        await context.operate(vm, { doing: 'starting', meanwhile: 'Starting' }, (hands) =>
          startDomain(context, hands),
        );
      }),

    stopVm: (uuid, how) =>
      context.exclusive(uuid, async (vm) => {
        refuseDestroyed(vm);
        await context.operate(vm, { doing: 'stopping', meanwhile: 'Stopping' }, async (hands) => {
          const state = await hands.state();
          if (state === 'Stopped') return;
          refuseTransient(vm);
          if (how === 'cold') await hands.virsh.run(['destroy', hands.domain]);
          else if (state === 'Running') await askToStop(hands);
          else {
            throw refused(
              `VM ${vm.name} is ${state.toLowerCase()}: its guest cannot hear; resume it first, or stop it with type cold`,
            );
          }
        });
      }),

    rebootVm: (uuid) =>
      context.exclusive(uuid, async (vm) => {
        refuseDestroyed(vm);
        await context.operate(vm, { doing: 'rebooting', meanwhile: 'Rebooting' }, async (hands) => {
          const state = await hands.state();
          if (state !== 'Running') {
            throw refused(
              `VM ${vm.name} is ${state.toLowerCase()}; only a running one reboots: start or resume it`,
            );
          }
          const asked = await hands.virsh.attempt(['reboot', hands.domain]);
          if (asked.exitCode === 0) return;
          await hands.virsh.run(['reset', hands.domain]);
          notify({
            name: 'vm-changed',
            severity: 'Info',
            text: `VM ${vm.name} was reset the hard way: its host could not ask the guest to reboot`,
            about: { type: 'VmInstanceVO', uuid: vm.uuid },
            facts: { said: asked.stderr.slice(0, 200) },
          });
        });
      }),

    pauseVm: (uuid) =>
      context.exclusive(uuid, async (vm) => {
        refuseDestroyed(vm);
        await context.operate(vm, { doing: 'pausing', meanwhile: 'Pausing' }, async (hands) => {
          const state = await hands.state();
          if (state === 'Paused') return;
          if (state !== 'Running') throw refused(`VM ${vm.name} is ${state.toLowerCase()}; start it first`);
          await hands.virsh.run(['suspend', hands.domain]);
        });
      }),

    resumeVm: (uuid) =>
      context.exclusive(uuid, async (vm) => {
        refuseDestroyed(vm);
        await context.operate(vm, { doing: 'resuming', meanwhile: 'Resuming' }, async (hands) => {
          const state = await hands.state();
          if (state === 'Running') return;
          if (state !== 'Paused') throw refused(`VM ${vm.name} is ${state.toLowerCase()}; start it instead`);
          await hands.virsh.run(['resume', hands.domain]);
        });
      }),
  };
}
