import { assertNever } from '../../base/errors.ts';
import { type Ipv4, sameSubnet } from '../../base/ipv4.ts';
import type { BootDecision, Lease } from '../ports.ts';
import { bootFieldsFor } from './boot-fields.ts';
import { architectureName, firmwareOf } from './firmware.ts';
import { leaseSeconds, type Term, termOf } from './lease-time.ts';
import type { LeaseView } from './leases.ts';
import type { ReplyConfig } from './reply-config.ts';
import { grantReply, nakReply, type Reply } from './reply-packet.ts';
import type { DhcpRequest } from './request.ts';

/** What to do about one request. Only `offer`, `ack` and `nak` send anything. */
export type DhcpOutcome =
  /** `ip` undefined: an offer of proxyDHCP. `fresh`: the client has not had the address lately, so that somebody else may use it. */
  | { readonly kind: 'offer'; readonly ip: Ipv4 | undefined; readonly fresh: boolean; readonly reply: Reply }
  /** `lease` must be durable before the reply leaves, as it is when `isStored`; undefined for an INFORM. */
  | {
      readonly kind: 'ack';
      readonly lease: Lease | undefined;
      readonly isStored: boolean;
      readonly fresh: boolean;
      readonly reply: Reply;
    }
  | { readonly kind: 'nak'; readonly reply: Reply }
  | { readonly kind: 'declined' | 'released'; readonly ip: Ipv4 }
  /** `dropped` is the address that was held for the client. */
  | { readonly kind: 'other-server'; readonly otherServer: Ipv4; readonly dropped: Ipv4 | undefined }
  | { readonly kind: 'pool-full' }
  | { readonly kind: 'ignore'; readonly reason: string };

/** 136 years: what 32 bits of seconds hold. RFC 2131 §3.3 */
const FOR_EVER = 0xffffffff;

export type Allowed = Exclude<BootDecision, { kind: 'ignore' }>;

/** Decides one request; `now` in ms since the epoch. Pure: the caller applies the outcome to its lease table and sends. */
export function decideReply(
  request: DhcpRequest,
  decision: BootDecision,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): DhcpOutcome {
  // Neither gets an answer, so that they count also for a machine that is to get none.
  if (request.type === 'decline' || request.type === 'release') return giveBack(request, leases, config);
  if (decision.kind === 'ignore') return ignore(decision.reason);
  if (config.onlyReserved && !leases.isReservedFor(request)) return ignore('no reservation');
  switch (request.type) {
    case 'discover':
      return discover(request, decision, leases, config, now);
    case 'request':
      return answerRequest(request, decision, leases, config, now);
    case 'inform':
      return inform(request, decision, config);
    case 'bootp':
      return config.bootp ? bootp(request, decision, leases, config, now) : ignore('BOOTP is off');
    default:
      return assertNever(request.type, 'message type');
  }
}

/** An address that the client did not have until now, as it is to be given. */
interface Choice {
  readonly type: 'offer' | 'ack';
  readonly wished: Ipv4 | undefined;
  readonly seconds: number;
  readonly rapid: boolean;
}

function discover(
  request: DhcpRequest,
  decision: Allowed,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): DhcpOutcome {
  const rapid = config.rapidCommit && request.rapidCommit;
  const seconds = leaseSeconds(request, decision, config);
  const choice: Choice = {
    type: rapid ? 'ack' : 'offer',
    wished: request.requestedAddress,
    seconds,
    rapid,
  };
  return giveChosen(request, decision, choice, leases, config, now);
}

/** One message, one answer, and the address for ever: the client will never renew it. RFC 1534 §2 */
function bootp(
  request: DhcpRequest,
  decision: Allowed,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): DhcpOutcome {
  const choice: Choice = { type: 'ack', wished: undefined, seconds: FOR_EVER, rapid: false };
  return giveChosen(request, decision, choice, leases, config, now);
}

function giveChosen(
  request: DhcpRequest,
  decision: Allowed,
  { type, wished, seconds, rapid }: Choice,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): DhcpOutcome {
  const boot = bootFieldsFor(request, decision, config);
  if (boot === undefined) return noLoader(request);
  const ip = leases.choose(request, wished, now);
  if (ip === undefined) return { kind: 'pool-full' };
  const fresh = !leases.hadLately(ip, request.mac, now);
  const term = termOf(request, ip, seconds, leases, config, now);
  const reply = grantReply(type, request, { lease: { ip, seconds: term.seconds }, boot, rapid }, config);
  if (reply === undefined) return tooLarge();
  const { lease, isStored } = term;
  return type === 'ack'
    ? { kind: 'ack', fresh, lease, isStored, reply }
    : { kind: 'offer', fresh, ip, reply };
}

/** The client's state is told by the fields that it fills. RFC 2131 §4.3.2 and table 4 */
function answerRequest(
  request: DhcpRequest,
  decision: Allowed,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): DhcpOutcome {
  const { serverId, requestedAddress, ciaddr, mac } = request;
  if (serverId !== undefined && !isOurs(serverId, request, config)) {
    const promised = leases.addressOf(mac);
    const isHeld = promised !== undefined && leases.holdingOf(promised)?.state === 'held';
    return { kind: 'other-server', otherServer: serverId, dropped: isHeld ? promised : undefined };
  }
  const ip = ciaddr ?? requestedAddress;
  if (ip === undefined) return ignore('asks for no address');
  const isFree = leases.isFreeFor(ip, request, now);
  const isInitReboot = serverId === undefined && ciaddr === undefined;
  if (isFree && (!isInitReboot || leases.addressOf(mac) === ip)) {
    const seconds = leaseSeconds(request, decision, config);
    return confirm(request, decision, termOf(request, ip, seconds, leases, config, now), config);
  }
  const refusal = refusalOf(request, ip, isFree, leases, config, now);
  if (refusal === undefined) return ignore('no record of this client');
  const reply = nakReply(request, refusal, config);
  return reply === undefined ? tooLarge() : { kind: 'nak', reply };
}

/**
 * Why an address can't be had; undefined when another server may know better, and this one has to be silent. RFC 2131 §4.3.2.
 * The RFC is silent about a client without a record that claims an address which somebody else has here: that is refused, since
 * both would use it.
 */
function refusalOf(
  request: DhcpRequest,
  ip: Ipv4,
  isFree: boolean,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): string | undefined {
  if (!sameSubnet(ip, config.subnet, config.netmask)) return 'wrong network';
  // It chose this server, so that nobody else will answer.
  if (request.serverId !== undefined) return 'address not available';
  const own = leases.addressOf(request.mac);
  if (own !== undefined && own !== ip) return 'another address is yours';
  const holding = leases.holdingOf(ip);
  return !isFree && holding !== undefined && holding.until > now ? 'address in use' : undefined;
}

/** Parameters for an address that the client has from elsewhere: no lease, no times. RFC 2131 §4.3.5 */
function inform(request: DhcpRequest, decision: Allowed, config: ReplyConfig): DhcpOutcome {
  if (request.ciaddr === undefined) return ignore('informs of no address');
  if (!sameSubnet(request.ciaddr, config.subnet, config.netmask))
    return ignore('informs of an address of another network');
  return confirm(request, decision, undefined, config);
}

/** An ACK for an address that the client knows already. */
function confirm(
  request: DhcpRequest,
  decision: Allowed,
  term: Term | undefined,
  config: ReplyConfig,
): DhcpOutcome {
  const boot = bootFieldsFor(request, decision, config);
  if (boot === undefined) return noLoader(request);
  const told = term && { ip: term.lease.ip, seconds: term.seconds };
  const reply = grantReply('ack', request, { lease: told, boot }, config);
  if (reply === undefined) return tooLarge();
  return { kind: 'ack', fresh: false, lease: term?.lease, isStored: term?.isStored === true, reply };
}

/** DECLINE names the address in option 50, RELEASE in ciaddr. RFC 2131 table 5; believed only from the one who has it. */
function giveBack(request: DhcpRequest, leases: LeaseView, config: ReplyConfig): DhcpOutcome {
  const { type, serverId, mac } = request;
  if (serverId !== undefined && !isOurs(serverId, request, config)) return ignore('meant for another server');
  const ip = type === 'decline' ? request.requestedAddress : request.ciaddr;
  const holding = ip && leases.holdingOf(ip);
  if (!ip || holding?.mac !== mac || (holding.state !== 'held' && holding.state !== 'bound')) {
    return ignore(`${type} of an address that it does not have`);
  }
  return { kind: type === 'decline' ? 'declined' : 'released', ip };
}

/** Also under the name that the relay gave us. RFC 5107 §4 */
function isOurs(serverId: Ipv4, request: DhcpRequest, config: ReplyConfig): boolean {
  return serverId === config.serverAddress || serverId === request.relay?.serverIdOverride;
}

function ignore(reason: string): DhcpOutcome {
  return { kind: 'ignore', reason };
}

export function noLoader(request: DhcpRequest): DhcpOutcome {
  const archs = request.archs.map((arch) => `${arch} ${architectureName(arch)}`);
  return ignore(
    `no boot loader for firmware ${firmwareOf(request)} (option 93: ${archs.join(', ') || 'none'})`,
  );
}

function tooLarge(): DhcpOutcome {
  return ignore('the answer does not fit the largest message that the client takes');
}
