import { ByteReader, WireError } from '../base/bytes.ts';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import { type Mac, macFromBytes } from '../base/mac.ts';
import { getLanConfiguration } from './commands/transport/configuration.ts';
import {
  decodeCipherSuites,
  decodeIpSource,
  decodeVlanId,
  type IpSource,
  lanParameter,
} from './commands/transport/lan-parameters.ts';
import type { Execute } from './execute.ts';
import { completionCodeOf } from './sdr/read-pieces.ts';

/** How a BMC is on its network. Undefined: the BMC does not tell, or tells something malformed. */
export interface LanConfig {
  readonly ipAddress: Ipv4 | undefined;
  readonly ipSource: IpSource | undefined;
  readonly mac: Mac | undefined;
  readonly netmask: Ipv4 | undefined;
  readonly gateway: Ipv4 | undefined;
  readonly gatewayMac: Mac | undefined;
  /** 12 bits; undefined also where no VLAN is used. */
  readonly vlanId: number | undefined;
  /** Cipher suites and the highest privilege level of each, 4 bits: 0 unspecified, 1 callback to 4 administrator, 5 OEM. */
  readonly cipherSuites: ReadonlyArray<{ readonly id: number; readonly privilege: number | undefined }>;
}

const address = (value: Uint8Array): Ipv4 => ipv4FromNumber(new ByteReader(value).u32be('lan.address'));

/** Reads the network settings of a LAN channel. Rejects with IpmiError when the session fails. IPMI 2.0 §23.2 */
export async function readLanConfig(execute: Execute, channel: number): Promise<LanConfig> {
  const read = async (parameter: number): Promise<Uint8Array | undefined> => {
    const request = { channel, revisionOnly: false, parameter, setSelector: 0, blockSelector: 0 };
    try {
      return (await execute(getLanConfiguration, request)).value;
    } catch (error) {
      if (completionCodeOf(error) === undefined) throw error;
      return undefined;
    }
  };
  const readAs = async <T>(parameter: number, decode: (value: Uint8Array) => T): Promise<T | undefined> => {
    const value = await read(parameter);
    return value === undefined ? undefined : orNothing(() => decode(value));
  };
  const config = {
    ipAddress: await readAs(lanParameter.ipAddress, address),
    ipSource: await readAs(lanParameter.ipSource, decodeIpSource),
    mac: await readAs(lanParameter.macAddress, macFromBytes),
    netmask: await readAs(lanParameter.subnetMask, address),
    gateway: await readAs(lanParameter.gatewayAddress, address),
    gatewayMac: await readAs(lanParameter.gatewayMac, macFromBytes),
    vlanId: await readAs(lanParameter.vlanId, decodeVlanId),
  };
  const count = await read(lanParameter.cipherSuiteCount);
  const ids = await read(lanParameter.cipherSuiteIds);
  const levels = await read(lanParameter.cipherSuitePrivileges);
  const suites =
    count === undefined || ids === undefined
      ? undefined
      : orNothing(() => decodeCipherSuites(count, ids, levels));
  return { ...config, cipherSuites: suites ?? [] };
}

function orNothing<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
