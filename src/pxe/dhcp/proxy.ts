import type { BootDecision } from '../ports.ts';
import { bootFieldsFor } from './boot-fields.ts';
import type { Arrival } from './destination.ts';
import { bootsOverHttp, firmwareOf } from './firmware.ts';
import { type DhcpOutcome, noLoader } from './reply.ts';
import type { ReplyConfig } from './reply-config.ts';
import { proxyReply } from './reply-packet.ts';
import type { DhcpRequest } from './request.ts';

/**
 * Decides one request beside somebody else's DHCP server (PXE 2.1 §2.2.3): a boot file for machines that boot from the network,
 * never an address. DISCOVERs are answered where they come in, REQUESTs and INFORMs on the proxy port alone: on port 67 they are
 * the other server's.
 */
export function decideProxyReply(
  request: DhcpRequest,
  decision: BootDecision,
  arrival: Arrival,
  config: ReplyConfig,
): DhcpOutcome {
  if (decision.kind === 'ignore') return { kind: 'ignore', reason: decision.reason };
  const isOffer = arrival.port === 'dhcp' && request.type === 'discover';
  const isAsked = arrival.port === 'proxy' && (request.type === 'request' || request.type === 'inform');
  if (!isOffer && !isAsked) return { kind: 'ignore', reason: "the other DHCP server's business" };
  const firmware = firmwareOf(request);
  if (decision.kind !== 'boot' || firmware === undefined) {
    return { kind: 'ignore', reason: 'addresses are given by the other DHCP server' };
  }
  // UEFI HTTP boot takes proxy offers, but knows no proxy port. UEFI 2.8 §24.7.3
  if (isAsked && bootsOverHttp(firmware)) return { kind: 'ignore', reason: 'no PXE client' };
  const boot = bootFieldsFor(request, decision, config, true);
  if (boot === undefined) return noLoader(request);
  const type = isOffer ? 'offer' : 'ack';
  const reply = proxyReply(type, request, boot, arrival, config);
  if (reply === undefined) {
    return { kind: 'ignore', reason: 'the answer does not fit the largest message that the client takes' };
  }
  return isOffer
    ? { kind: 'offer', ip: undefined, fresh: false, reply }
    : { kind: 'ack', lease: undefined, isStored: false, fresh: false, reply };
}
