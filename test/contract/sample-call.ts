import type { LightMyRequestResponse } from 'fastify';
import { adminPassword, pollJob } from '../support/api-world.ts';
import type { ContractApi } from './contract.ts';
import { accountPassword, type PopulatedWorld, userPassword } from './populated.ts';

/** A call ready to be sent, and to be spoilt. */
export interface SampleCall {
  readonly api: ContractApi;
  /** Variables of the path by name. */
  readonly path: Record<string, string>;
  readonly query: Record<string, string>;
  /** Parameters inside the body key. */
  readonly params: Record<string, unknown>;
}

type Uuids = PopulatedWorld['uuids'];

/** Which resource a path is about; the longest match counts. */
const pathResources: ReadonlyArray<readonly [prefix: string, resource: keyof Uuids]> = [
  ['/v1/accounts/users', 'user'],
  ['/v1/accounts', 'account'],
  ['/v1/system-tags', 'systemTag'],
  ['/v1/user-tags', 'userTag'],
  ['/v1/tags', 'userTag'],
  ['/v1/zones', 'zone'],
  ['/v1/clusters', 'cluster'],
  ['/v1/notifications', 'notification'],
  ['/v1/management-nodes', 'node'],
  ['/v1/consoles/agents', 'node'],
  ['/v1/task-progresses', 'job'],
  ['/v1/baremetal/pxeserver', 'pxeServer'],
  ['/v1/baremetal/hardwareinfo', 'hardwareInfo'],
  ['/v1/baremetal/hostcfg', 'hostCfg'],
  ['/v1/baremetal/chassis', 'chassis'],
  ['/v1/hosts', 'host'],
  ['/v1/pci-device/hosts', 'host'],
  ['/v1/pci-device/pci-devices', 'pciDevice'],
  ['/v1/pci-device/pci-device-offerings', 'pciOffering'],
  ['/v1/usb-device/usb-devices', 'usbDevice'],
  ['/v1/vm-instances', 'vm'],
  ['/v1/images', 'image'],
  ['/v1/instance-offerings', 'instanceOffering'],
  ['/v1/cloudformation/template', 'stackTemplate'],
];

function variableOf(name: string, api: ContractApi, world: PopulatedWorld): string {
  if (name === 'sessionUuid') return world.session;
  if (name === 'isoUuid') return world.uuids.image;
  if (name === 'category') return 'identity';
  if (name === 'name') return 'session.timeout';
  const path = api.paths[0] ?? '';
  const resource = pathResources.find(([prefix]) => path.startsWith(prefix))?.[1];
  return resource === undefined ? 'a'.repeat(32) : world.uuids[resource];
}

/** Values in place of what the manual's samples have: uuids that exist here, passwords that are right. */
function ownValues(api: ContractApi, { uuids }: PopulatedWorld): Record<string, unknown> {
  switch (api.name) {
    case 'LogInByAccount':
      return { accountName: 'admin', password: adminPassword };
    case 'LogInByUser':
      return { accountName: 'admin', userName: 'somebody', password: userPassword };
    case 'CreateSystemTag':
      return { resourceType: 'BaremetalChassisVO', resourceUuid: uuids.bareChassis, tag: 'bootMode::uefi' };
    case 'CreateUserTag':
      return { resourceType: 'ZoneVO', resourceUuid: uuids.zone, tag: 'for-large-DB' };
    case 'UpdateSystemTag':
      return { tag: 'bootMode::uefi' };
    case 'UpdateUser':
      return { uuid: uuids.user, name: 'somebody else' };
    case 'UpdateAccount':
      return { name: 'another name', password: accountPassword };
    case 'CreateCluster':
      return { zoneUuid: uuids.zone };
    case 'CreateBaremetalPxeServer':
      return { dhcpInterface: 'eth7' };
    case 'CreateBaremetalChassis':
      return { ipmiAddress: '192.0.2.50' };
    case 'CreateBaremetalHostCfg':
      return { chassisUuid: uuids.bareChassis };
    case 'UpdateNotificationsStatus':
      return { uuids: [uuids.notification], status: 'Read' };
    case 'DeleteNotifications':
      return { uuids: [uuids.notification] };
    case 'AddKVMHost':
      return { clusterUuid: uuids.cluster, description: 'example' };
    case 'UpdateHost':
    case 'UpdateKVMHost':
      return { managementIp: '192.0.2.200' };
    case 'KvmRunShell':
      return { hostUuids: [uuids.host] };
    case 'AttachPciDeviceToVm':
    case 'DetachPciDeviceFromVm':
      return { vmInstanceUuid: uuids.vm };
    case 'CreateVmInstance':
      return {
        instanceOfferingUuid: uuids.instanceOffering,
        imageUuid: uuids.image,
        clusterUuid: uuids.kvmCluster,
        // Data disks are not made here, and a VM without them would not be what was asked for.
        dataDiskOfferingUuids: [],
      };
    case 'ChangeInstanceOffering':
      return { instanceOfferingUuid: uuids.instanceOffering };
    case 'RequestBaremetalConsoleAccess':
      return { chassisUuid: uuids.chassis };
    case 'RequestConsoleAccess':
      return { vmInstanceUuid: uuids.vm };
    case 'AgentReconnectConsoleProxyAgent':
      // Those of the sample's answer, which has other ones than its request.
      return { agentUuids: ['976e8d54d42841da85eb697f3e8534b6', 'ac4b5e3b69e5499eba381082199b5d42'] };
    case 'UpdateGlobalConfig':
      return { value: '3600' };
    default:
      return {};
  }
}

/** The manual's sample request of an API, with values that exist in `world`. `path` picks one of its paths. */
export function sampleCall(api: ContractApi, path: string, world: PopulatedWorld): SampleCall {
  const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inner = api.key === null ? {} : ((api.request?.[api.key] ?? {}) as Record<string, unknown>);
  const own = ownValues(api, world);
  const isBody = api.method === 'POST' || api.method === 'PUT';
  return {
    api: { ...api, paths: [path] },
    path: Object.fromEntries(variables.map((name) => [name, variableOf(name, api, world)])),
    query: api.name === 'GetHostIommuStatus' ? { uuid: world.uuids.host } : {},
    params: isBody ? { ...inner, ...own } : own,
  };
}

/** Sends a call (DELETE with its parameters in the body, as the manual says) and follows its job. */
export async function send(call: SampleCall, world: PopulatedWorld): Promise<LightMyRequestResponse> {
  const { api, path, params } = call;
  // The manual prints `params` for actions of images too, which could then not be told apart; the product has their names.
  const isAction = api.method === 'PUT' && api.key === 'params' && (api.paths[0] ?? '').endsWith('/actions');
  const key = isAction ? api.name.charAt(0).toLowerCase() + api.name.slice(1) : (api.key ?? 'params');
  const url = (api.paths[0] ?? '').replaceAll(/\{(\w+)\}/g, (_all, name: string) => path[name] ?? '');
  const search = new URLSearchParams(call.query).toString();
  const hasBody = api.method === 'POST' || api.method === 'PUT' || Object.keys(params).length > 0;
  const answer = await world.api.inject({
    method: api.method,
    url: search === '' ? url : `${url}?${search}`,
    headers: { authorization: world.authorization },
    ...(hasBody ? { payload: { [key]: params, systemTags: [], userTags: [] } } : {}),
  });
  if (answer.statusCode !== 202) return answer;
  return pollJob(world.api, answer.json<{ location: string }>().location);
}
