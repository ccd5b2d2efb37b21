import type { BootDecision } from '../ports.ts';
import type { DhcpOutcome } from './reply.ts';
import type { DhcpRequest } from './request.ts';

/** Decides one request of a server that only looks: nobody is answered, and what is seen becomes events. */
export function decideObserved(request: DhcpRequest, decision: BootDecision): DhcpOutcome {
  if (decision.kind === 'ignore') return { kind: 'ignore', reason: decision.reason };
  return request.type === 'request' && request.serverId !== undefined
    ? { kind: 'other-server', otherServer: request.serverId, dropped: undefined }
    : { kind: 'ignore', reason: 'this server only observes' };
}
