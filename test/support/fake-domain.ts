import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { newUuid } from '../../src/base/uuid.ts';
import { fakeBmcs } from './fake-bmcs.ts';
import type { HostNetwork } from '../../src/hostcfg/index.ts';
import type { ProvisionService } from '../../src/provision/index.ts';
import { ProvisionError } from '../../src/provision/index.ts';
import type { Chassis, PxeServer, TimelineEntry } from '../../src/provision/model.ts';
import type { ProvisionStore } from '../../src/provision/ports.ts';
import { random } from './records.ts';

const address = {
  ip: '10.0.0.1' as Ipv4,
  netmask: '255.255.255.0' as Ipv4,
  gateway: '10.0.0.254' as Ipv4,
  dns: '8.8.8.8' as Ipv4,
};

/** The network of every hostcfg here: what the manual's sample shows. */
export const sampleNetwork = (number: number): HostNetwork => ({
  nics: [{ mac: macOf(number, 1), ...address, pxe: true }],
  bondings: [{ name: 'bond0', slaves: [macOf(number, 2), macOf(number, 3)], mode: 4, ...address }],
  vlans: [],
});

function macOf(number: number, last: number): Mac {
  const hex = number.toString(16).padStart(6, '0');
  return `52:54:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:0${last}` as Mac;
}

/** A provisioning domain that only keeps records, in a real store; `fail` and `hold` steer the next calls. */
export interface FakeDomain {
  readonly service: ProvisionService;
  /** Name of each call with its arguments. */
  readonly calls: Array<readonly [string, ...unknown[]]>;
  /** Every later call rejects with this; undefined heals. */
  fail: unknown;
  /** Later calls wait for this. */
  hold: Promise<void> | undefined;
  power: 'ON' | 'OFF' | 'UNKNOWN';
  timelineEntries: TimelineEntry[];
}

/** Builds the domain over a store. */
export function fakeDomain(store: ProvisionStore, now = 1_510_698_057_000): FakeDomain {
  const dates = { createDate: now, lastOpDate: now };
  let counter = 0;
  const domain: FakeDomain = {
    service: undefined as unknown as ProvisionService,
    calls: [],
    fail: undefined,
    hold: undefined,
    power: 'ON',
    timelineEntries: [],
  };
  const step = async (...call: readonly [string, ...unknown[]]): Promise<void> => {
    domain.calls.push(call);
    await domain.hold;
    if (domain.fail !== undefined) throw domain.fail;
  };
  const uuidOf = (wish: string | undefined): Uuid => (wish ?? newUuid(random)) as Uuid;
  const chassisOf = async (uuid: string): Promise<Chassis> => {
    const chassis = await store.getChassis(uuid as Uuid);
    if (chassis === undefined)
      throw new ProvisionError('chassis-not-found', `no chassis ${uuid}; look at the list`);
    return chassis;
  };
  const serverOf = async (uuid: string): Promise<PxeServer> => {
    const server = await store.getPxeServer(uuid as Uuid);
    if (server === undefined)
      throw new ProvisionError('not-found', `no PXE server ${uuid}; look at the list`);
    return server;
  };
  const ranges = {
    dhcpRangeBegin: '10.0.0.1' as Ipv4,
    dhcpRangeEnd: '10.0.0.9' as Ipv4,
    dhcpRangeNetmask: '255.255.255.0' as Ipv4,
  };
  const modes = {
    dhcpMode: 'serve',
    dhcpArmed: true,
    dhcpOnlyReserved: false,
    dhcpSubnets: [],
    dhcpReservations: [],
    dhcpExclusions: [],
    dhcpHeldBy: undefined,
    heldBack: undefined,
  };
  const service: ProvisionService = {
    async createPxeServer(input) {
      await step('createPxeServer', input);
      const { resourceUuid, ...rest } = input;
      const uuid = uuidOf(resourceUuid);
      const server = {
        description: undefined,
        ...ranges,
        ...modes,
        ...rest,
        uuid,
        status: 'Running',
        ...dates,
      };
      await store.savePxeServer(server as PxeServer);
      return uuid;
    },
    async updatePxeServer(uuid, change) {
      await step('updatePxeServer', uuid, change);
      await store.savePxeServer({ ...(await serverOf(uuid)), ...change } as PxeServer);
    },
    async deletePxeServer(uuid) {
      await step('deletePxeServer', uuid);
      await store.deletePxeServer(uuid as Uuid);
    },
    async startPxeServer(uuid) {
      await step('startPxeServer', uuid);
      await store.savePxeServer({ ...(await serverOf(uuid)), status: 'Running' });
    },
    async stopPxeServer(uuid) {
      await step('stopPxeServer', uuid);
      await store.savePxeServer({ ...(await serverOf(uuid)), status: 'Stopped' });
    },
    async createChassis(input) {
      await step('createChassis', input);
      const { resourceUuid, systemTags: _tags, ipmiPort = 623, ...rest } = input;
      const uuid = uuidOf(resourceUuid);
      await store.saveChassis({
        description: undefined,
        ...rest,
        uuid,
        ipmiPort: Number(ipmiPort),
        status: 'Unprovisioned',
        statusCause: undefined,
        bootMode: 'unknown',
        systemUuids: [],
        macs: [],
        ...dates,
      });
      return uuid;
    },
    async updateChassis(uuid, change) {
      await step('updateChassis', uuid, change);
      const { systemTags: _tags, ipmiPort, ...rest } = change;
      const old = await chassisOf(uuid);
      await store.saveChassis({ ...old, ...rest, ipmiPort: Number(ipmiPort ?? old.ipmiPort) });
    },
    async deleteChassis(uuid) {
      await step('deleteChassis', uuid);
      await store.deleteChassis(uuid as Uuid);
    },
    async applyTag(uuid, change) {
      await step('applyTag', uuid, change);
      await chassisOf(uuid);
    },
    async createHostCfg(input) {
      await step('createHostCfg', input);
      await chassisOf(input.chassisUuid);
      const uuid = uuidOf(input.resourceUuid);
      await store.saveHostCfg({
        uuid,
        chassisUuid: input.chassisUuid as Uuid,
        password: input.password,
        vnc: input.vnc !== false,
        unattended: input.unattended !== false,
        network: sampleNetwork((counter += 1)),
        ...dates,
      });
      return uuid;
    },
    async deleteHostCfg(uuid) {
      await step('deleteHostCfg', uuid);
      await store.deleteHostCfg(uuid as Uuid);
    },
    async addImage(input) {
      await step('addImage', input);
      const uuid = uuidOf(input.resourceUuid);
      await store.saveImage({
        uuid,
        name: input.name,
        description: input.description,
        kind: 'redirect',
        url: input.url,
        checksum: undefined,
        size: undefined,
        secretQuery: undefined,
        status: 'Ready',
        statusCause: undefined,
        kernel: 'images/pxeboot/vmlinuz',
        initrd: 'images/pxeboot/initrd.img',
        kernelArguments: input.kernelArguments ?? [],
        ...dates,
      });
      return uuid;
    },
    async deleteImage(uuid) {
      await step('deleteImage', uuid);
      await store.deleteImage(uuid as Uuid);
    },
    async provision(uuid) {
      await step('provision', uuid);
      await store.saveChassis({ ...(await chassisOf(uuid)), status: 'Rebooting' });
    },
    async powerStatus(uuid) {
      await step('powerStatus', uuid);
      await chassisOf(uuid);
      return domain.power;
    },
    async power(uuid, action) {
      await step('power', uuid, action);
      await chassisOf(uuid);
    },
    async timeline(uuid) {
      await step('timeline', uuid);
      await chassisOf(uuid);
      if (domain.timelineEntries.length === 0) return undefined;
      const run = {
        uuid: '0'.repeat(32) as Uuid,
        chassisUuid: uuid as Uuid,
        pxeServerUuid: '1'.repeat(32) as Uuid,
        kind: 'inspect' as const,
        stage: 'failed' as const,
        stageSince: now,
        startedAt: now,
        endedAt: now + 60_000,
        kickstartReader: undefined,
        kickstartConsumed: false,
        mac: undefined,
        address: undefined,
        firmware: undefined,
        evidence: { discovers: 3, acks: 0 } as never,
        cause: 'no offer was accepted',
        // A careless domain would hand these out too.
        bootToken: 'token-boot',
        kickstartToken: 'token-kickstart',
        reportToken: 'token-report',
      };
      return { run, entries: domain.timelineEntries };
    },
    async seenMachines() {
      await step('seenMachines');
      return [];
    },
    ...fakeBmcs(async (...call) => {
      await step(...call);
      if (typeof call[1] === 'string') await chassisOf(call[1]);
    }),
  };
  return Object.assign(domain, { service });
}
