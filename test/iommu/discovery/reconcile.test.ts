import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topologies } from '../../fixtures/kvm/topologies/index.ts';
import { cases } from '../../support/cases.ts';
import { assignment, board, pciOf, Rows, uses, vmA, vmB } from './world.ts';

const serialA = '3c-fd-fe-ff-ff-00-00-01';
const serialB = '3c-fd-fe-ff-ff-00-00-02';
const kindsOf = (change: { events: readonly { kind: string }[] }) => change.events.map(({ kind }) => kind);

describe('status', () => {
  it.each([
    [
      'twoSocketServer',
      ['0000:18:00.0', '0000:18:00.1', '0000:19:00.0', '0000:1a:00.0', '0000:03:00.0', '0000:00:1f.4'],
      ['0000:3b:00.0', '0000:3b:00.1', '0000:86:00.0', '0000:87:00.0', '0000:00:17.0'],
    ],
    [
      'consumerBoard',
      ['0000:22:00.0', '0000:03:00.1', '0000:28:00.3', '0000:26:00.0', '0000:00:00.2'],
      ['0000:25:00.0', '0000:25:00.1', '0000:26:00.1', '0000:28:00.4'],
    ],
    // The screen is free: the console is on a serial port.
    [
      'sriovServer',
      ['0000:01:00.0', '0000:02:00.0', '0000:41:00.0', '0000:81:00.0'],
      ['0000:41:01.0', '0000:42:01.0', '0000:82:00.0'],
    ],
    [
      'vmdWorkstation',
      ['0000:00:0e.0', '10000:e1:00.0', '10000:e2:00.0', '0000:00:1f.6', '0000:00:02.0'],
      ['0000:00:17.0'],
    ],
  ] as const)('%s: what the host cannot spare is System, the rest Active', (name, system, active) => {
    const rows = new Rows();
    const change = rows.look(topologies[name]);
    expect(change.events).toEqual([]);
    expect(change.devices).toHaveLength(topologies[name].devices.length);
    for (const address of system) expect([address, rows.at(address).status]).toEqual([address, 'System']);
    for (const address of active) expect([address, rows.at(address).status]).toEqual([address, 'Active']);
  });

  it('takes the physical function along when the host needs a virtual one', () => {
    const topology = {
      ...topologies.sriovServer,
      defaultRoute: 'default via 192.0.2.1 dev ens1f0v1',
      addresses: [],
    };
    const rows = new Rows();
    rows.look({
      ...topology,
      addresses: [
        ['lo', '127.0.0.1/8'],
        ['lo', '127.0.0.1/8'],
      ],
    });
    expect(rows.at('0000:41:01.1').status).toBe('System');
    expect(rows.at('0000:41:00.0').status).toBe('System');
    expect(rows.at('0000:41:01.0').status).toBe('Active');
  });

  it('changes nothing when the host says the same again', () => {
    const rows = new Rows();
    rows.look(topologies.twoSocketServer);
    expect(rows.look(topologies.twoSocketServer)).toEqual({ devices: [], events: [] });
    // Rows from the database have other key orders and no undefined members.
    for (const [uuid, row] of rows.rows) rows.rows.set(uuid, JSON.parse(JSON.stringify(row)) as typeof row);
    expect(rows.look(topologies.twoSocketServer)).toEqual({ devices: [], events: [] });
  });

  it("keeps the administrator's words", () => {
    const rows = new Rows();
    const one = board([{ slot: 1, bus: 1 }]);
    rows.look(one);
    const before = rows.at('0000:01:00.0');
    rows.rows.set(before.uuid, { ...before, state: 'Disabled', description: 'mine', metaData: 'x=1' });
    rows.look(board([]));
    rows.look(board([{ slot: 1, bus: 5, driver: 'vfio-pci' }]));
    expect(rows.at('0000:05:00.0')).toMatchObject({
      uuid: before.uuid,
      state: 'Disabled',
      description: 'mine',
      metaData: 'x=1',
      status: 'Active',
      createDate: before.createDate,
    });
  });

  it('keeps names and serials when pciutils went away', () => {
    const rows = new Rows();
    rows.look(topologies.twoSocketServer);
    const before = rows.at('0000:18:00.0');
    rows.look({ ...topologies.twoSocketServer, withoutLspci: true });
    expect(rows.at('0000:18:00.0')).toMatchObject({
      uuid: before.uuid,
      name: 'Intel Corporation Ethernet Controller X710 for 10GbE SFP+',
      identity: before.identity,
    });
  });
});

describe('which device is which', () => {
  it('keeps a card by its slot when buses are numbered anew, and tells it', () => {
    const rows = new Rows();
    rows.look(
      board([
        { slot: 1, bus: 1 },
        { slot: 2, bus: 2 },
      ]),
    );
    const [one, two] = [rows.at('0000:01:00.0'), rows.at('0000:02:00.0')];
    const change = rows.look(
      board([
        { slot: 1, bus: 2 },
        { slot: 2, bus: 3 },
      ]),
    );
    expect(rows.at('0000:02:00.0').uuid).toBe(one.uuid);
    expect(rows.at('0000:03:00.0').uuid).toBe(two.uuid);
    expect(change.events).toMatchObject([
      { kind: 'moved', from: '0000:01:00.0', device: { uuid: one.uuid } },
      { kind: 'moved', from: '0000:02:00.0', device: { uuid: two.uuid } },
    ]);
  });

  it('follows a serial into another slot, also when two cards change places', () => {
    const rows = new Rows();
    rows.look(
      board([
        { slot: 1, bus: 1, serial: serialA },
        { slot: 2, bus: 2, serial: serialB },
      ]),
    );
    const [a, b] = [rows.at('0000:01:00.0').uuid, rows.at('0000:02:00.0').uuid];
    rows.look(
      board([
        { slot: 1, bus: 1, serial: serialB },
        { slot: 2, bus: 2, serial: serialA },
      ]),
    );
    expect([rows.at('0000:01:00.0').uuid, rows.at('0000:02:00.0').uuid]).toEqual([b, a]);
  });

  it('takes another card of the same model in the same slot for another device', () => {
    const rows = new Rows();
    rows.look(board([{ slot: 1, bus: 1, serial: serialA }]));
    const old = rows.at('0000:01:00.0');
    const change = rows.look(board([{ slot: 1, bus: 1, serial: serialB }]));
    expect(kindsOf(change).toSorted()).toEqual(['appeared', 'gone']);
    expect(rows.rows.get(old.uuid)?.status).toBe('Inactive');
    expect(rows.at('0000:01:00.0').uuid).not.toBe(old.uuid);
  });

  it('tells twins without a serial, or with one that all cards have, by their slots', () => {
    for (const serial of [undefined, '00-00-00-00-00-00-00-00', '01-00-00-00-68-4c-e0-00']) {
      const twin = serial === undefined ? {} : { serial };
      const rows = new Rows();
      rows.look(
        board([
          { slot: 1, bus: 1, ...twin },
          { slot: 2, bus: 2, ...twin },
        ]),
      );
      const two = rows.at('0000:02:00.0').uuid;
      rows.look(board([{ slot: 2, bus: 1, ...twin }]));
      expect(rows.at('0000:01:00.0').uuid).toBe(two);
      expect([...rows.rows.values()].map(({ status }) => status).toSorted()).toEqual(['Active', 'Inactive']);
    }
  });

  it('gives a device that comes back its uuid, and says so', () => {
    const rows = new Rows();
    const one = board([{ slot: 1, bus: 1 }]);
    rows.look(one);
    const { uuid } = rows.at('0000:01:00.0');
    expect(kindsOf(rows.look(board([])))).toEqual(['gone']);
    expect(rows.look(board([]))).toEqual({ devices: [], events: [] });
    expect(kindsOf(rows.look(one))).toEqual(['returned']);
    expect(rows.at('0000:01:00.0').uuid).toBe(uuid);
  });

  it('takes another model at the same place for another device', () => {
    const rows = new Rows();
    rows.look(board([{ slot: 1, bus: 1 }]));
    const { uuid } = rows.at('0000:01:00.0');
    rows.look(board([{ slot: 1, bus: 1, ids: '15b3:1017' }]));
    expect(rows.at('0000:01:00.0').uuid).not.toBe(uuid);
  });

  it('never makes two rows of one device nor loses one, whatever is plugged where', () => {
    const card = fc.record({
      slot: fc.integer({ min: 1, max: 8 }),
      serial: fc.constantFrom(undefined, serialA, serialB),
    });
    const state = fc.tuple(fc.uniqueArray(card, { selector: ({ slot }) => slot, maxLength: 8 }), fc.nat(20));
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 5 }), (states) => {
        const rows = new Rows();
        for (const [cards, shift] of states) {
          const topology = board(
            cards.map(({ slot, serial }, index) => ({
              slot,
              bus: 1 + index + shift,
              ...(serial === undefined ? {} : { serial }),
            })),
          );
          const before = rows.rows.size;
          rows.look(topology);
          const present = [...rows.rows.values()].filter(({ status }) => status !== 'Inactive');
          expect(present.map((row) => row.pciDeviceAddress).toSorted()).toEqual(
            pciOf(topology)
              .devices.map(({ address }) => address)
              .toSorted(),
          );
          expect(rows.rows.size).toBeGreaterThanOrEqual(before);
          expect(rows.look(topology)).toEqual({ devices: [], events: [] });
        }
      }),
      { numRuns: cases(500) },
    );
  });
});

describe('VMs', () => {
  const one = board([{ slot: 1, bus: 1, driver: 'vfio-pci' }]);
  const address = '0000:01:00.0';

  it('shows a device as Attached to the VM that has it, and tells what was done outside', () => {
    const rows = new Rows();
    rows.look(one);
    const given = rows.look(one, { vmsByAddress: uses(address, vmA, 'config') });
    expect(rows.at(address)).toMatchObject({ status: 'Attached', vmInstanceUuid: vmA });
    expect(given.events).toMatchObject([{ kind: 'attached-outside', vmInstanceUuid: vmA }]);
    const taken = rows.look(one);
    expect(rows.at(address)).toMatchObject({ status: 'Active', vmInstanceUuid: undefined });
    expect(taken.events).toMatchObject([{ kind: 'detached-outside', vmInstanceUuid: vmA }]);
  });

  it('believes the running VM rather than the one that only has it in its definition', () => {
    const rows = new Rows();
    const vmsByAddress = new Map([
      [
        address,
        [
          { vmInstanceUuid: vmA, config: true, live: false },
          { vmInstanceUuid: vmB, config: true, live: true },
        ],
      ],
    ]);
    rows.look(one, { vmsByAddress });
    expect(rows.at(address).vmInstanceUuid).toBe(vmB);
  });

  it('says nothing of what was asked for, and leaves a device on its way alone', () => {
    const rows = new Rows();
    rows.look(one);
    const device = rows.at(address);
    const attaching = {
      assignments: [assignment(device, vmA, 'attaching')],
      vmsByAddress: uses(address, vmA, 'both'),
    };
    expect(rows.look(one, attaching)).toEqual({ devices: [], events: [] });
    const attached = { ...attaching, assignments: [assignment(device, vmA, 'attached')] };
    const change = rows.look(one, attached);
    expect(change.events).toEqual([]);
    expect(rows.at(address)).toMatchObject({ status: 'Attached', vmInstanceUuid: vmA });
    expect(rows.look(one, { assignments: [assignment(device, vmA, 'detaching')] })).toEqual({
      devices: [],
      events: [],
    });
    expect(rows.at(address).status).toBe('Attached');
    expect(kindsOf(rows.look(one, { assignments: [assignment(device, vmA, 'attached')] }))).toEqual([
      'detached-outside',
    ]);
  });

  it("keeps a renumbered device with its VM, and gives the VM's old address to no stranger", () => {
    const rows = new Rows();
    rows.look(
      board([
        { slot: 1, bus: 1 },
        { slot: 2, bus: 2 },
      ]),
    );
    const [mine, stranger] = [rows.at('0000:01:00.0'), rows.at('0000:02:00.0')];
    const assignments = [assignment(mine, vmA, 'attached')];
    const vmsByAddress = uses('0000:01:00.0', vmA, 'config');
    rows.look(
      board([
        { slot: 1, bus: 1 },
        { slot: 2, bus: 2 },
      ]),
      { assignments, vmsByAddress },
    );
    // The host was rebooted with a bridge more: slot 1 is bus 3 now, slot 2 is bus 1.
    const change = rows.look(
      board([
        { slot: 1, bus: 3 },
        { slot: 2, bus: 1 },
      ]),
      { assignments, vmsByAddress },
    );
    expect(rows.at('0000:03:00.0')).toMatchObject({
      uuid: mine.uuid,
      status: 'Attached',
      vmInstanceUuid: vmA,
    });
    expect(rows.at('0000:01:00.0')).toMatchObject({ uuid: stranger.uuid, status: 'Active' });
    expect(kindsOf(change)).toEqual(['moved', 'moved']);
  });

  it('remembers the VM of an assigned device that fell off the bus', () => {
    const rows = new Rows();
    rows.look(one);
    const device = rows.at(address);
    const more = {
      assignments: [assignment(device, vmA, 'attached')],
      vmsByAddress: uses(address, vmA, 'config'),
    };
    rows.look(one, more);
    rows.look(board([]), more);
    expect(rows.rows.get(device.uuid)).toMatchObject({ status: 'Inactive', vmInstanceUuid: vmA });
    expect(kindsOf(rows.look(one, more))).toEqual(['returned']);
    expect(rows.at(address).status).toBe('Attached');
  });

  it('tells a driver that somebody changed', () => {
    const rows = new Rows();
    rows.look(board([{ slot: 1, bus: 1 }]));
    expect(rows.look(one).events).toMatchObject([{ kind: 'driver-changed', from: 'i40e' }]);
  });
});
