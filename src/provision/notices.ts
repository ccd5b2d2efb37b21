import type { Ipv4 } from '../base/ipv4.ts';
import type { Uuid } from '../base/uuid.ts';
import type { LockoutFacts, PowerCause } from '../ipmi/index.ts';
import type { Chassis, Run } from './model.ts';
import type { Notice, OtherDhcpServer } from './ports.ts';

const ofChassis = (uuid: Uuid): Notice['about'] => ({ type: 'chassis', uuid });
const ofServer = (uuid: Uuid): Notice['about'] => ({ type: 'pxeServer', uuid });

/** A run that ended in PxeBootFailed. */
export function bootFailed(run: Run, chassisName: string | undefined): Notice {
  return {
    name: 'boot-failed',
    severity: 'Error',
    text: `the ${run.kind === 'inspect' ? 'inspection' : 'installation'} of chassis "${chassisName ?? run.chassisUuid}" failed: ${run.cause ?? 'no cause is known'}`,
    about: ofChassis(run.chassisUuid),
    facts: { runUuid: run.uuid, kind: run.kind },
  };
}

/** Another DHCP server won a machine on the segment of one of ours. */
export function rogueDhcp(serverUuid: Uuid, address: Ipv4, mac: string): Notice {
  return {
    name: 'rogue-dhcp',
    severity: 'Error',
    text: `another DHCP server, ${address}, answers on this segment: ${mac} took its offer. Keep that server off the segment, or exclude our machines there`,
    about: ofServer(serverUuid),
    facts: { address, mac },
  };
}

/** A kickstart was asked for by somebody who may not have it. */
export function secondReader(chassis: Pick<Chassis, 'uuid' | 'name'>, reader: Ipv4, reason: string): Notice {
  return {
    name: 'kickstart-second-reader',
    severity: 'Warning',
    text: `${reader} asked for the kickstart of chassis "${chassis.name}" and was refused: ${reason}. If that address is not the machine's, somebody on the segment is curious`,
    about: ofChassis(chassis.uuid),
    facts: { reader },
  };
}

/** A PXE server had no address for a machine. */
export function poolFull(serverUuid: Uuid, mac: string): Notice {
  return {
    name: 'dhcp-pool-full',
    severity: 'Error',
    text: `the DHCP range has no free address left; ${mac} got none. Make the range larger`,
    about: ofServer(serverUuid),
    facts: { mac },
  };
}

/** A PXE server will soon have no address left. */
export function poolForecast(serverUuid: Uuid, free: number, expected: number): Notice {
  return {
    name: 'dhcp-pool-forecast',
    severity: 'Warning',
    text: `the DHCP range has ${free} free addresses left and some ${expected} more machines are about to ask. Make the range larger`,
    about: ofServer(serverUuid),
    facts: { free, expected },
  };
}

/** Something unknown uses an address of a DHCP range. */
export function addressConflict(serverUuid: Uuid, ip: Ipv4, mac: string): Notice {
  return {
    name: 'dhcp-conflict',
    severity: 'Warning',
    text: `${ip} was meant for ${mac}, but something on the segment uses it already, so it is left alone for a while. Exclude it with dhcpExclusions, or find out who has it`,
    about: ofServer(serverUuid),
    facts: { ip, mac },
  };
}

/** Another DHCP server on a segment that one of ours serves. */
export function foreignDhcp(serverUuid: Uuid, other: OtherDhcpServer): Notice {
  return foreignNotice(
    serverUuid,
    other,
    `another DHCP server, ${nameOf(other)}, answers on the segment that this PXE server serves. Keep it off the segment, or set dhcpMode to proxy, so that it gives the addresses and we the boot files`,
  );
}

/** A PXE server that only observes, because of another DHCP server. */
export function heldByForeignDhcp(serverUuid: Uuid, device: string, other: OtherDhcpServer): Notice {
  return foreignNotice(
    serverUuid,
    other,
    `the PXE server on ${device} gives no addresses: ${heldBackText(other.server)}`,
  );
}

/** Why a PXE server observes although nobody asked for that, and the ways out. */
export function heldBackText(server: Ipv4): string {
  return `another DHCP server, ${server}, answers on this segment. Set dhcpMode with updateBaremetalPxeServer: proxy works beside that server, serve answers all the same; or switch that server off and start this one again`;
}

function foreignNotice(serverUuid: Uuid, other: OtherDhcpServer, text: string): Notice {
  const { server, mac, offered } = other;
  return {
    name: 'foreign-dhcp',
    severity: 'Warning',
    text,
    about: ofServer(serverUuid),
    facts: { address: server, mac, offered },
  };
}

const nameOf = ({ server, mac }: OtherDhcpServer): string =>
  mac === undefined ? server : `${server} (${mac})`;

/** One machine that is known as two chassis. */
export function duplicateMachine(
  chassis: Pick<Chassis, 'uuid' | 'name'>,
  owner: Pick<Chassis, 'uuid' | 'name'>,
  mac: string,
): Notice {
  return {
    name: 'duplicate-machine',
    severity: 'Error',
    text: `the machine of chassis "${chassis.name}" has NIC ${mac}, which belongs to chassis "${owner.name}": one server entered twice, or a NIC that moved. Delete the chassis that is wrong`,
    about: ofChassis(chassis.uuid),
    facts: { mac, otherChassisUuid: owner.uuid },
  };
}

/** A BMC at which no login is tried any more. */
export function bmcLockedOut(chassis: Pick<Chassis, 'uuid' | 'name'>, facts: LockoutFacts): Notice {
  const { address, port, username, failures } = facts;
  return {
    name: 'bmc-locked-out',
    severity: 'Error',
    text: `the BMC ${address}:${port} of chassis "${chassis.name}" refused the login as "${username}" ${failures} times, so none is tried any more: it may lock the user. Correct ipmiUsername and ipmiPassword with updateBaremetalChassis; where they are right and the BMC was corrected, call releaseBaremetalChassisBmc`,
    about: ofChassis(chassis.uuid),
    facts: { address, port, username, failures },
  };
}

/** The power of a machine changed and nobody of us did it. */
export function powerChanged(
  chassis: Pick<Chassis, 'uuid' | 'name'>,
  change: { readonly on: boolean; readonly cause: PowerCause | undefined },
): Notice {
  return {
    name: 'power-changed',
    severity: 'Warning',
    text: `chassis "${chassis.name}" ${powerChangeText(change)}. Nothing was done about it`,
    about: ofChassis(chassis.uuid),
    facts: { on: change.on, cause: change.cause?.text, eventLogEntry: change.cause?.recordId },
  };
}

/** What happened, for timelines, logs and people. */
export function powerChangeText({
  on,
  cause,
}: {
  readonly on: boolean;
  readonly cause: PowerCause | undefined;
}): string {
  const why = cause === undefined ? 'its BMC tells no cause' : `its BMC tells: ${cause.text}`;
  return `went ${on ? 'on' : 'off'} and Rackwright did not do it; ${why}`;
}
