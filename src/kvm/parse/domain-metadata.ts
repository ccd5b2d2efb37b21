import { parseUuid, type Uuid } from '../../base/uuid.ts';
import { metadataNamespace } from '../render/domain.ts';
import { childOf, type XmlElement } from '../xml.ts';

/** Our element `domain` of the namespace `urn:rackwright:domain:1`. */
export interface DomainMetadata {
  readonly ours: boolean;
  readonly instanceOfferingUuid: Uuid | undefined;
  readonly imageUuid: Uuid | undefined;
}

/** What we once wrote into a domain; undefined when there is nothing of ours. */
export function readMetadata(domain: XmlElement | undefined): DomainMetadata | undefined {
  const own = childOf(domain, 'metadata')?.children.find(
    (child) => child.namespace === metadataNamespace && child.name === 'domain',
  );
  if (own === undefined) return undefined;
  const uuidOf = (name: string): Uuid | undefined => parseUuid(own.attributes.get(name) ?? '');
  return {
    ours: own.attributes.get('ours') === 'true',
    instanceOfferingUuid: uuidOf('offering'),
    imageUuid: uuidOf('image'),
  };
}
