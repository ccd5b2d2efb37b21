import type { ProvisionService } from '../../provision/index.ts';
import type { ApiContext } from '../zstack/definition.ts';

type Bmc = Awaited<ReturnType<ProvisionService['bmcReport']>>;
const powerOf = ({ power }: Bmc): object =>
  power.kind === 'known'
    ? { powerStatus: power.on ? 'ON' : 'OFF', powerStatusDate: power.at }
    : { powerStatus: 'UNKNOWN', powerStatusDate: power.since, powerStatusReason: power.reason };

/** What is known of a BMC. The profile goes out as it is: whoever keeps it reads it again as that JSON. */
export async function bmcInventory(context: ApiContext, uuid: string): Promise<object> {
  const bmc = await context.service.bmcReport(uuid);
  const { session, lastError, lockOut, profile, findings } = bmc;
  const shown = {
    chassisUuid: uuid,
    ...powerOf(bmc),
    session: { open: session.open, users: session.users, openDate: session.since },
    lastError: lastError && {
      code: lastError.code,
      text: lastError.text,
      lastDate: lastError.at,
      nextTryDate: lastError.nextTryAt,
    },
    lockOut,
    device: profile && {
      vendor: profile.vendor,
      manufacturerId: profile.manufacturerId,
      productId: profile.productId,
      firmware: profile.firmware,
      ipmiVersion: profile.ipmiVersion,
      systemGuid: profile.systemGuid,
      measuredDate: profile.at,
    },
    findings,
  };
  return { ...(context.render(shown) as object), ...(profile && { profile }) };
}
