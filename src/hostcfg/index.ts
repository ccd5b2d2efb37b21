export type { AddressCfg, BondingCfg, HostNetwork, KickstartInput, NicCfg, VlanCfg } from './types.ts';
export { HostCfgError } from './types.ts';
