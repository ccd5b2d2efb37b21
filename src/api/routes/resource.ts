import { type Static, Type } from 'typebox';
import type { ResourceName } from '../ports.ts';
import { deleteMode, description, reference, shortText, stateEvent } from '../schemas.ts';
import { ApiError } from '../errors.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { TaggableType } from '../../platform/index.ts';
import type { ApiCall, ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

/** `{"inventory": ...}` of a resource that a call made or changed. */
export async function inventoryAnswer(
  context: ApiContext,
  resource: ResourceName,
  uuid: string,
): Promise<object> {
  const inventory = await context.inventoryOf(resource, uuid);
  if (inventory === undefined) {
    throw new ApiError('not-found', 'the call was done, but the resource has been deleted since');
  }
  return { inventory };
}

const resourceOf: Readonly<Record<TaggableType, ResourceName>> = {
  ZoneVO: 'zone',
  ClusterVO: 'cluster',
  AccountVO: 'account',
  UserVO: 'user',
  BaremetalChassisVO: 'chassis',
  BaremetalPxeServerVO: 'pxeServer',
  BaremetalHostCfgVO: 'hostCfg',
  HostVO: 'host',
  VmInstanceVO: 'vmInstance',
  InstanceOfferingVO: 'instanceOffering',
  PciDeviceVO: 'pciDevice',
  PciDeviceOfferingVO: 'pciDeviceOffering',
  ImageVO: 'image',
  StackTemplateVO: 'stackTemplate',
  UsbDeviceVO: 'usbDevice',
};

/**
 * A create or an update with the tags that came along: they are checked before anything is done and stored when `make` has
 * answered the uuid of the resource. Answers `{"inventory": ...}` of it.
 */
export async function withTags(
  call: Pick<ApiCall<unknown>, 'context' | 'systemTags' | 'userTags'>,
  resourceType: TaggableType,
  make: () => Promise<string>,
): Promise<object> {
  const { context, systemTags, userTags } = call;
  const given = { systemTags, userTags };
  context.platform.tags.checkGiven(resourceType, given);
  const uuid = await make();
  await context.platform.tags.attach(resourceType, uuid as Uuid, given);
  return inventoryAnswer(context, resourceOf[resourceType], uuid);
}

/**
 * Runs `make` on a resource that may belong to a cluster and then puts it there. The cluster is checked first, so that nothing
 * is made for one that does not exist; undefined leaves the resource where it is.
 */
export async function placed(
  { clusters }: ApiContext['platform'],
  resource: 'chassis' | 'pxeServer',
  clusterUuid: string | undefined,
  make: () => Promise<string>,
): Promise<string> {
  if (clusterUuid !== undefined) await clusters.checkCluster(clusterUuid);
  const uuid = await make();
  if (clusterUuid !== undefined) await clusters.assign(resource, uuid, clusterUuid);
  return uuid;
}

/** The two GETs that every resource has: the list with its query language, and one by uuid. */
export function queryApis(
  name: string,
  path: string,
  resource: ResourceName,
  access: 'session' | 'admin' = 'admin',
): readonly ApiDefinition[] {
  return [
    defineApi({
      name,
      method: 'GET',
      path,
      keys: [],
      async: false,
      access,
      summary: `Lists what matches the query`,
      answers: { kind: 'inventories', resource },
      params: Type.Object({}),
      run: ({ context, query }) => context.list(resource, query),
    }),
    defineApi({
      name,
      method: 'GET',
      path: `${path}/:uuid`,
      keys: [],
      async: false,
      access,
      summary: `Reads one by its uuid; an empty list when there is none`,
      answers: { kind: 'inventories', resource },
      params: Type.Object({ uuid: reference }),
      async run({ context, params }) {
        const inventory = await context.inventoryOf(resource, params.uuid, 'reading');
        // The manual shows `inventory`, the product answers a list; clients of either find theirs.
        return inventory === undefined ? { inventories: [] } : { inventories: [inventory], inventory };
      },
    }),
  ];
}

/** DELETE by uuid; deleting what does not exist is for the domain to call a success. Without a type it is of what has no tags. */
export function deleteApi(
  name: string,
  path: string,
  resourceType: TaggableType | undefined,
  remove: (context: ApiContext, uuid: string) => Promise<void>,
  summary = 'Deletes one; deleting what does not exist succeeds',
): ApiDefinition {
  return defineApi({
    name,
    method: 'DELETE',
    path: `${path}/:uuid`,
    keys: [],
    async: true,
    access: 'admin',
    summary,
    answers: { kind: 'empty' },
    ...(resourceType === undefined ? {} : { resourceType }),
    params: Type.Object({ uuid: reference, deleteMode: Type.Optional(deleteMode) }),
    async run({ context, params }) {
      await remove(context, params.uuid);
      return {};
    },
  });
}

/** What two APIs of a kind share that change one resource by its uuid and may bring tags; the body's key is the API's name. */
const changing = (name: string, path: string, resourceType: TaggableType) =>
  ({
    name,
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: [`${name.slice(0, 1).toLowerCase()}${name.slice(1)}`],
    async: true,
    access: 'admin',
    answers: { kind: 'inventory', resource: resourceOf[resourceType] },
    resourceType,
  }) as const;

/** PUT of name and description by uuid; answers the resource. */
export function updateApi(
  name: string,
  path: string,
  resourceType: TaggableType,
  summary: string,
  update: (
    context: ApiContext,
    uuid: string,
    change: { readonly name?: string; readonly description?: string },
  ) => Promise<void>,
): ApiDefinition {
  return defineApi({
    ...changing(name, path, resourceType),
    summary,
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
    }),
    run(call) {
      const { uuid, ...change } = call.params;
      return withTags(call, resourceType, async () => {
        await update(call.context, uuid, change);
        return uuid;
      });
    },
  });
}

/** PUT that enables or disables by uuid; answers the resource. */
export function changeStateApi(
  name: string,
  path: string,
  resourceType: TaggableType,
  summary: string,
  change: (context: ApiContext, uuid: string, event: Static<typeof stateEvent>) => Promise<void>,
): ApiDefinition {
  return defineApi({
    ...changing(name, path, resourceType),
    summary,
    params: Type.Object({ uuid: reference, stateEvent }),
    run: (call) =>
      withTags(call, resourceType, async () => {
        await change(call.context, call.params.uuid, call.params.stateEvent);
        return call.params.uuid;
      }),
  });
}
