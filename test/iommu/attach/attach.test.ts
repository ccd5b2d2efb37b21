import { expect, it } from 'vitest';
import { attachPciDevice } from '../../../src/iommu/attach/attach.ts';
import { detachPciDevice } from '../../../src/iommu/attach/detach.ts';
import { IommuError } from '../../../src/iommu/index.ts';
import {
  audio,
  createIommuWorld,
  domainOf,
  gpu,
  type IommuWorld,
  nic,
  usualPci,
  vmA,
  vmB,
} from '../../support/iommu-world.ts';

const texts: string[] = [];
const report = (text: string): void => void texts.push(text);

async function world(...args: Parameters<typeof createIommuWorld>): Promise<IommuWorld> {
  const made = createIommuWorld(...args);
  await made.settle();
  return made;
}

const attach = (w: IommuWorld, address: string, vm: string = vmA): Promise<void> =>
  attachPciDevice(w.deps, w.device(address).uuid, vm, report);
const detach = (w: IommuWorld, address: string, vm: string = vmA): Promise<void> =>
  detachPciDevice(w.deps, w.device(address).uuid, vm, report);
const refusal = async (work: Promise<void>): Promise<IommuError> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof IommuError) return error;
  throw new Error(`expected an IommuError, got ${String(error)}`);
};
const virshOf = (w: IommuWorld): readonly string[] =>
  w.shell.commands
    .filter(({ argv }) => argv.some((word) => word.endsWith('-device')))
    .map(
      ({ argv, input }) =>
        `${argv.slice(5).join(' ')} ${/bus='0x(..)'.*function='0x(.)'/.exec(input)?.slice(1).join('.')}`,
    );
const uuidA = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';

it('gives a running VM the whole group, bound to vfio-pci before the first is plugged in, and takes it back', async () => {
  const w = await world();
  await attach(w, audio);
  expect(w.model.domains.get(vmA)).toMatchObject({ config: [gpu, audio], live: [gpu, audio] });
  expect(virshOf(w)).toEqual([
    `attach-device ${uuidA} --live --config 01.0`,
    `attach-device ${uuidA} --live --config 01.1`,
  ]);
  expect([w.device(gpu), w.device(audio), w.device(nic)]).toMatchObject([
    { status: 'Attached', vmInstanceUuid: vmA },
    { status: 'Attached', vmInstanceUuid: vmA },
    { status: 'Active', vmInstanceUuid: undefined },
  ]);
  expect([...w.store.assignments.values()]).toMatchObject([
    { phase: 'attached', leaderUuid: w.device(gpu).uuid, previousDriver: 'nouveau' },
    { phase: 'attached', leaderUuid: w.device(gpu).uuid, previousDriver: 'snd_hda_intel' },
  ]);
  await detach(w, gpu);
  expect(w.model.domains.get(vmA)).toMatchObject({ config: [], live: [] });
  expect([...w.model.pci.values()].map(({ driver }) => driver)).toEqual([
    'nouveau',
    'snd_hda_intel',
    'e1000e',
  ]);
  expect(w.store.assignments.size).toBe(0);
  expect([w.device(gpu), w.device(audio)]).toMatchObject([{ status: 'Active' }, { status: 'Active' }]);
  expect(w.notices).toEqual([]);
});

it('only writes the definition of a stopped VM, and only the running domain of a transient one', async () => {
  const stopped = await world(usualPci(), [domainOf(vmA, { running: false })]);
  await attach(stopped, nic);
  expect(virshOf(stopped)).toEqual([`attach-device ${uuidA} --config 02.0`]);
  expect(stopped.device(nic)).toMatchObject({ status: 'Attached', facts: { driver: 'e1000e' } });
  await detach(stopped, nic);
  expect(stopped.model.domains.get(vmA)?.config).toEqual([]);

  const transient = await world(usualPci(), [domainOf(vmA, { persistent: false })]);
  await attach(transient, nic);
  expect(virshOf(transient)).toEqual([`attach-device ${uuidA} --live 02.0`]);
  await detach(transient, nic);
  expect(transient.device(nic)).toMatchObject({ status: 'Active', facts: { driver: 'e1000e' } });
});

it('succeeds without a command when it is done already', async () => {
  const w = await world();
  await detach(w, nic);
  await attach(w, nic);
  const before = virshOf(w).length;
  await attach(w, nic);
  expect(virshOf(w).length).toBe(before);
});

it('refuses with all reasons before anything is written', async () => {
  const w = await world();
  await attach(w, gpu);
  const error = await refusal(attach(w, audio, vmB));
  expect(error.code).toBe('refused');
  expect(error.message).toContain(`given to VM ${vmA}`);
  w.store.iommus.clear();
  expect((await refusal(attach(w, nic))).code).toBe('iommu-inactive');
  expect((await refusal(detach(w, gpu, vmB))).message).toContain(`given to VM ${vmA}`);
  expect((await refusal(attachPciDevice(w.deps, 'f'.repeat(32), vmA, report))).code).toBe('not-found');
  expect(w.store.assignments.get(w.device(nic).uuid)).toBeUndefined();
});

it.each([
  [
    'group 14 is not viable\nPlease ensure all devices within the iommu_group are bound',
    /IOMMU group.*0000:01:00\.0.*0000:01:00\.1/,
  ],
  ['vfio 0000:01:00.1: failed to setup INTx fd: Device or resource busy', /interrupt line/],
  ['cannot limit locked memory of process 12 to 3: Operation not permitted', /memory lock limit/],
  [
    'internal error: Unable to reset PCI device 0000:01:00.1: no FLR, PM reset or bus reset available',
    /cannot be reset/,
  ],
  ['Failed to load PCI driver module vfio-pci', /modprobe vfio-pci/],
  ["unsupported configuration: host doesn't support VFIO PCI passthrough", /no IOMMU to vfio/],
  ['something new', /something new/],
])('undoes the first of a group when the second fails: %s', async (said, hint) => {
  const w = await world();
  w.shell.failNext(({ argv, input }) => argv.includes('attach-device') && input.includes("function='0x1'"), {
    stderr: `error: Failed to attach device from /dev/stdin\nerror: ${said}\n`,
  });
  const error = await refusal(attach(w, gpu));
  expect(error.code).toBe('command-failed');
  expect(error.message).toContain(said.split('\n')[0]);
  expect(error.message).toMatch(hint);
  expect(error.message).toContain('What had been done was undone');
  expect(w.model.domains.get(vmA)).toMatchObject({ config: [], live: [] });
  expect(w.model.pci.get(gpu)?.driver).toBe('nouveau');
  expect(w.model.pci.get(audio)?.driver).toBe('snd_hda_intel');
  expect(w.store.assignments.size).toBe(0);
  expect(w.device(gpu)).toMatchObject({ status: 'Active', vmInstanceUuid: undefined });
});

it('says that a guest does not let go, and finishes when the VM stops', async () => {
  const w = await world(usualPci(), [domainOf(vmA, { answers: false })]);
  await attach(w, gpu);
  const error = await refusal(detach(w, gpu));
  expect(error.message).toMatch(/does not let go .*when the VM stops/);
  expect(error.data['left']).toEqual([gpu, audio]);
  await w.settle();
  expect(w.model.domains.get(vmA)).toMatchObject({ config: [], live: [gpu, audio] });
  expect(w.device(gpu)).toMatchObject({ status: 'Attached', vmInstanceUuid: vmA });
  expect(w.store.assignments.get(w.device(gpu).uuid)).toMatchObject({ phase: 'detaching' });
  w.model.stop(vmA);
  await w.settle();
  expect(w.device(gpu)).toMatchObject({ status: 'Active', facts: { driver: 'nouveau' } });
  expect(w.model.pci.get(audio)?.driver).toBe('snd_hda_intel');
  expect(w.store.assignments.size).toBe(0);
});

it('does not believe libvirt without looking', async () => {
  const w = await world();
  w.shell.failNext(({ argv }) => argv.includes('attach-device'), { exitCode: 0 });
  const error = await refusal(attach(w, nic));
  expect(error.message).toMatch(
    /the host shows it with e1000e, not in the running VM and not in its definition/,
  );
  expect(w.store.assignments.size).toBe(0);
});

it('keeps the intent while vfio-pci does not let go of a device', async () => {
  const w = await world();
  await attach(w, nic);
  w.model.domains.get(vmA)?.live.splice(0);
  w.model.domains.get(vmA)?.config.splice(0);
  w.shell.failNext(({ input }) => input.includes('driver_override'), {
    exitCode: 0,
    stdout: `${nic} vfio-pci\n`,
  });
  await w.deps.connections.look(w.host.uuid);
  expect(w.store.assignments.get(w.device(nic).uuid)).toMatchObject({ phase: 'detaching' });
  await w.settle();
  expect(w.store.assignments.size).toBe(0);
  expect(w.device(nic)).toMatchObject({ status: 'Active', facts: { driver: 'e1000e' } });
});

it.each([gpu, audio])('lets one device of a group be without %s, and brings it back', async (out) => {
  const w = await world();
  const stays = out === gpu ? audio : gpu;
  await attach(w, gpu);
  const domain = w.model.domains.get(vmA);
  if (domain === undefined) throw new Error('made above');
  domain.live = [stays];
  domain.config = [stays];
  await w.settle();
  expect(domain).toMatchObject({ config: [stays], live: [stays] });
  expect(w.device(stays)).toMatchObject({ status: 'Attached' });
  expect(w.store.assignments.get(w.device(stays).uuid)).toMatchObject({ phase: 'attached' });
  // A failure now must not give the driver back under the other one, nor take that out.
  w.shell.failNext(({ argv }) => argv.includes('attach-device'), { stderr: 'error: no' });
  expect((await refusal(attach(w, out))).message).toContain('no');
  await w.settle();
  expect(domain).toMatchObject({ config: [stays], live: [stays] });
  expect(w.model.pci.get(out)?.driver).toBe('vfio-pci');
  await attach(w, out);
  expect(domain.live.toSorted()).toEqual([gpu, audio]);
  await detach(w, stays);
  await w.settle();
  expect([...w.model.pci.values()].map(({ driver }) => driver)).toEqual([
    'nouveau',
    'snd_hda_intel',
    'e1000e',
  ]);
  expect(w.store.assignments.size).toBe(0);
});
