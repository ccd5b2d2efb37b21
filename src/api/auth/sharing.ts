import { parseUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { AccountService, AccountTools } from './accounts.ts';

/** All pairs are written in one transaction, which holds up every other call. */
const maxPairs = 10_000;

const uuidsOf = (given: readonly string[]): readonly string[] => [
  ...new Set(given.map((text) => parseUuid(text) ?? text)),
];

/** Lets accounts of type Normal see resources. */
export function createSharing({
  accounts,
  clock,
}: AccountTools): Pick<AccountService, 'shareResources' | 'revokeSharing'> {
  const refuseTooMany = (resources: number, receivers: number): void => {
    if (resources * receivers <= maxPairs) return;
    throw new ApiError(
      'bad-argument',
      `parameter resourceUuids times accountUuids must be at most ${maxPairs}; give them in several calls`,
      { data: { parameter: 'resourceUuids' } },
    );
  };

  return {
    async shareResources(givenResources, givenAccounts) {
      const [resources, receivers] = [uuidsOf(givenResources), uuidsOf(givenAccounts)];
      refuseTooMany(resources.length, receivers.length);
      for (const uuid of resources) {
        if ((await accounts.shareableType(uuid)) !== undefined) continue;
        throw new ApiError(
          'not-found',
          `resource ${uuid} is not there or cannot be shared; zones, clusters, VM instances, images, instance offerings and PCI device offerings can`,
          { data: { parameter: 'resourceUuids' } },
        );
      }
      for (const uuid of receivers) {
        if ((await accounts.getAccount(uuid)) !== undefined) continue;
        throw new ApiError('not-found', `there is no account ${uuid}; look at GET /v1/accounts`, {
          data: { parameter: 'accountUuids' },
        });
      }
      await accounts.share(resources, receivers, clock.now());
    },
    async revokeSharing(givenResources, givenAccounts) {
      const resources = uuidsOf(givenResources);
      const receivers = givenAccounts && uuidsOf(givenAccounts);
      refuseTooMany(resources.length, receivers?.length ?? 1);
      await accounts.revoke(resources, receivers);
    },
  };
}
