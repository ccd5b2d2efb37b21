import { PlatformError } from '../../platform/index.ts';
import { isJsonObject } from '../zstack/body.ts';
import type { ApiContext } from '../zstack/definition.ts';
import { toZstackError } from '../zstack/errors.ts';
import type { BatchFacts, BatchLine } from './line.ts';

/** More rows than any query answers otherwise: a check must see all of them. */
const all = '2147483647';

async function rowsOf(
  context: ApiContext,
  resource: 'chassis' | 'cluster',
  fields: string,
): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> {
  const answer = await context.list(resource, { fields, limit: all });
  const rows: unknown = 'inventories' in answer ? answer.inventories : [];
  return Array.isArray(rows) ? rows.filter(isJsonObject) : [];
}

/** What there is already, as checks of a batch file need it. */
export async function readFacts(context: ApiContext): Promise<BatchFacts> {
  const chassis = await rowsOf(context, 'chassis', 'name,ipmiAddress,ipmiPort');
  const clusters = await rowsOf(context, 'cluster', 'uuid,name');
  return {
    clusters: clusters.map((row) => ({ uuid: String(row['uuid']), name: String(row['name']) })),
    takenBy: new Map(
      chassis.map((row) => [`${String(row['ipmiAddress'])}:${String(row['ipmiPort'])}`, String(row['name'])]),
    ),
    bmcAddresses: new Set(chassis.map((row) => String(row['ipmiAddress']))),
    tagsFit(systemTags, userTags) {
      try {
        context.platform.tags.checkGiven('BaremetalChassisVO', { systemTags, userTags });
        return true;
      } catch (error) {
        if (error instanceof PlatformError) return false;
        throw error;
      }
    },
  };
}

/**
 * Creates the chassis of a line with its tags, cluster and hostcfg, after a login to its BMC. All or nothing: when a later part is
 * refused the chassis goes again, so that the corrected line can be applied.
 */
export async function createLine(context: ApiContext, line: BatchLine): Promise<string> {
  const { service, platform } = context;
  const { systemTags, userTags, host, rootPassword } = line;
  const uuid = await service.createChassis({
    name: line.name,
    ...(line.description === undefined ? {} : { description: line.description }),
    ipmiAddress: line.ipmiAddress,
    ipmiPort: line.ipmiPort,
    ipmiUsername: line.ipmiUsername,
    ipmiPassword: line.ipmiPassword,
    systemTags,
  });
  try {
    await platform.tags.attach('BaremetalChassisVO', uuid, { systemTags, userTags });
    if (line.clusterUuid !== undefined) await platform.clusters.assign('chassis', uuid, line.clusterUuid);
    if (host !== undefined) {
      const { cfgItems } = host;
      const password = rootPassword === undefined ? {} : { password: rootPassword };
      await service.createHostCfg({ chassisUuid: uuid, cfgItems, ...password });
    }
  } catch (error) {
    await service.deleteChassis(uuid).catch((fault: unknown) => {
      throw new PlatformError(
        'refused',
        `${toZstackError(error).body.error.details}; the chassis ${uuid} could not be taken back: delete it before you repeat this line`,
        { cause: fault },
      );
    });
    throw error;
  }
  return uuid;
}
