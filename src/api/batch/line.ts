import type { Ipv4 } from '../../base/ipv4.ts';
import { parseIpv4 } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import { parseMac } from '../../base/mac.ts';
import { parseUuid } from '../../base/uuid.ts';
import { HostCfgError, parseCfgItems } from '../../hostcfg/index.ts';
import { ApiError } from '../errors.ts';
import { isJsonObject } from '../zstack/body.ts';
import { hiddenSecret } from '../zstack/envelope.ts';
import type { BatchColumn, BatchFault, BatchRow } from './file.ts';
import { mandatoryColumns } from './file.ts';
import { parseNicPlan } from './nic-plan.ts';

/** What a line is checked against. */
export interface BatchFacts {
  readonly clusters: ReadonlyArray<{ readonly uuid: string; readonly name: string }>;
  /** Names of chassis by `address:port` of their BMC. */
  readonly takenBy: ReadonlyMap<string, string>;
  /** BMC addresses of all chassis. */
  readonly bmcAddresses: ReadonlySet<string>;
  /** Whether a new chassis may have these tags. */
  tagsFit(systemTags: readonly string[], userTags: readonly string[]): boolean;
}

/** A checked line: a chassis to create, with its tags, its cluster and perhaps its hostcfg. */
export interface BatchLine {
  readonly line: number;
  readonly name: string;
  readonly description: string | undefined;
  readonly ipmiAddress: Ipv4;
  readonly ipmiPort: number;
  readonly ipmiUsername: string;
  readonly ipmiPassword: string;
  readonly clusterUuid: string | undefined;
  readonly systemTags: readonly string[];
  readonly userTags: readonly string[];
  readonly host: HostPlan | undefined;
  readonly rootPassword: string | undefined;
}

/** What shall become of the host: cfgItems for its hostcfg, and the addresses in them. */
interface HostPlan {
  readonly cfgItems: object;
  readonly macs: readonly Mac[];
  readonly ips: readonly Ipv4[];
}

/** Collects the faults of one line; a column's first fault is enough. */
type Refuse = (column: BatchColumn, fault: string) => undefined;

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f]/;

function textOf(column: BatchColumn, cell: string, refuse: Refuse): string | undefined {
  const text = cell.trim();
  if (text.length > 255) return refuse(column, 'must have at most 255 characters');
  return control.test(text) ? refuse(column, 'must not contain control characters or line ends') : text;
}

/** IPMI 2.0 §13.20 and §22.28: user names have at most 16 bytes, passwords at most 20. */
function credentialOf(column: BatchColumn, text: string, limit: number, refuse: Refuse): string | undefined {
  return Buffer.byteLength(text) > limit ? refuse(column, `IPMI allows at most ${limit} bytes`) : text;
}

function portOf(cell: string, refuse: Refuse): number | undefined {
  const text = cell.trim();
  if (text === '') return 623;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : refuse('ipmiPort', 'must be a UDP port from 1 to 65535');
}

function clusterOf(cell: string, facts: BatchFacts, refuse: Refuse): string | undefined {
  const text = cell.trim();
  if (text === '') return undefined;
  const uuid = parseUuid(text);
  const meant = facts.clusters.filter((cluster) => cluster.uuid === uuid);
  const found = meant.length > 0 ? meant : facts.clusters.filter(({ name }) => name === text);
  if (found.length > 1) return refuse('cluster', `${found.length} clusters have this name; give the uuid`);
  return found[0]?.uuid ?? refuse('cluster', 'there is no such cluster; QueryCluster lists them');
}

/** Tags of a line: user tags begin with `user:`, the others are system tags. */
function tagsOf(cell: string, facts: BatchFacts, refuse: Refuse): Pick<BatchLine, 'systemTags' | 'userTags'> {
  const systemTags: string[] = [];
  const userTags: string[] = [];
  const tags = cell
    .split(';')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  for (const [index, tag] of tags.entries()) {
    const userTag = tag.startsWith('user:') ? tag.slice('user:'.length).trim() : undefined;
    if (tag === 'validationOnly')
      refuse('tags', 'validationOnly is for a whole call; check the file instead');
    const fits = userTag === undefined ? facts.tagsFit([tag], []) : facts.tagsFit([], [userTag]);
    if (!fits) {
      refuse(
        'tags',
        `tag ${index + 1} is none that a chassis takes; take system tags such as bootMode::uefi, and user:<text> for tags of your own`,
      );
    } else if (userTag === undefined) systemTags.push(tag);
    else userTags.push(userTag);
  }
  if (!facts.tagsFit(systemTags, userTags)) refuse('tags', 'these tags cannot stand beside each other');
  return { systemTags, userTags };
}

function cfgItemsOf(cell: string): object {
  if (!cell.trim().startsWith('{')) return parseNicPlan(cell);
  try {
    const value: unknown = JSON.parse(cell);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below, without the cell.
  }
  throw new ApiError('bad-argument', 'begins with { and is no JSON object');
}

function hostOf(cell: string, facts: BatchFacts, refuse: Refuse): HostPlan | undefined {
  if (cell.trim() === '') return undefined;
  try {
    const cfgItems = cfgItemsOf(cell);
    const { nics, bondings, vlans } = parseCfgItems(cfgItems);
    const macs = [...nics.map(({ mac }) => mac), ...bondings.flatMap(({ slaves }) => slaves)];
    const ips = [...nics, ...bondings, ...vlans].flatMap(({ ip }) => ip ?? []);
    const bmc = ips.find((ip) => facts.bmcAddresses.has(ip));
    if (bmc !== undefined) return refuse('nics', `${bmc} is the BMC address of a chassis`);
    return { cfgItems, macs, ips };
  } catch (error) {
    if (error instanceof HostCfgError || error instanceof ApiError) return refuse('nics', error.message);
    throw error;
  }
}

/** NICs that a line ties to its chassis, each once. */
export function macsOf({ host, systemTags }: BatchLine): readonly Mac[] {
  const tagged = systemTags.flatMap((tag) =>
    tag.startsWith('bootMac::') ? (parseMac(tag.slice('bootMac::'.length)) ?? []) : [],
  );
  return [...new Set([...(host?.macs ?? []), ...tagged])];
}

/** The chassis that one row describes, or what is wrong with it alone. */
export function checkRow({ line, cells }: BatchRow, facts: BatchFacts): BatchLine | readonly BatchFault[] {
  const faults: BatchFault[] = [];
  const refuse: Refuse = (column, fault) => {
    if (faults.every((known) => known.column !== column)) faults.push({ line, column, fault });
    return undefined;
  };
  for (const column of mandatoryColumns) {
    if (cells[column].trim() === '') refuse(column, 'must not be empty');
  }
  if (cells.description.length > 2048) refuse('description', 'must have at most 2048 characters');
  const ipmiAddress =
    parseIpv4(cells.ipmiAddress.trim()) ??
    refuse('ipmiAddress', 'must be an IPv4 address such as 192.0.2.10');
  const ipmiPort = portOf(cells.ipmiPort, refuse);
  const name = textOf('name', cells.name, refuse) ?? '';
  const username = textOf('ipmiUsername', cells.ipmiUsername, refuse) ?? '';
  credentialOf('ipmiUsername', username, 16, refuse);
  // Never trimmed: blanks can be part of a password.
  credentialOf('ipmiPassword', cells.ipmiPassword, 20, refuse);
  if (cells.ipmiPassword === hiddenSecret)
    refuse('ipmiPassword', 'is what answers show in place of a password');
  const clusterUuid = clusterOf(cells.cluster, facts, refuse);
  const { systemTags, userTags } = tagsOf(cells.tags, facts, refuse);
  const host = hostOf(cells.nics, facts, refuse);
  const rootPassword = cells.rootPassword.trim() === '' ? undefined : cells.rootPassword;
  textOf('rootPassword', cells.rootPassword, refuse);
  if (rootPassword !== undefined && cells.nics.trim() === '') {
    refuse('rootPassword', 'needs a NIC plan beside it in the column nics');
  }
  if (faults.length > 0 || ipmiAddress === undefined || ipmiPort === undefined) return faults;
  return {
    line,
    name,
    description: cells.description.trim() === '' ? undefined : cells.description,
    ipmiAddress,
    ipmiPort,
    ipmiUsername: username,
    ipmiPassword: cells.ipmiPassword,
    clusterUuid,
    systemTags,
    userTags,
    host,
    rootPassword,
  };
}
