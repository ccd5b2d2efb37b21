import type { ResourceName } from '../ports.ts';
import type { ApiContext } from '../zstack/definition.ts';

/** `{"inventories": ...}` of what a service named; what was deleted meanwhile is left out. */
export async function inventoriesAnswer(
  context: ApiContext,
  resource: ResourceName,
  uuids: readonly string[],
): Promise<object> {
  const found = await Promise.all(uuids.map((uuid) => context.inventoryOf(resource, uuid)));
  return { inventories: found.filter((inventory) => inventory !== undefined) };
}
