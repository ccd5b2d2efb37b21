export { bondingModeName } from './bonding-mode.ts';
export { renderKickstart } from './kickstart.ts';
export { parseCfgItems } from './parse.ts';
export { shellQuote } from './quote.ts';
export type { AddressCfg, BondingCfg, HostNetwork, KickstartInput, NicCfg, VlanCfg } from './types.ts';
export { HostCfgError } from './types.ts';
