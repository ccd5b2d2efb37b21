export { connectBmc } from './client.ts';
export type { BmcLink, BmcSession, LinkFacts, SolPort } from './link.ts';
export { closeLeftoverSessions } from './leftover-sessions.ts';
export { readLoginFacts } from './login-facts.ts';
export { setPower } from './power.ts';
export { pingPresence, type PresenceOptions } from './presence.ts';
export { type QuirkName, quirkNames } from './quirks.ts';
export { findingsOf, type LoginFacts, type LoginFinding } from './session/facts.ts';
export type { IpmiTiming } from './session/timing.ts';
export { openSol } from './sol/stream.ts';
export type {
  SolEvent,
  SolGapReason,
  SolLink,
  SolOptions,
  SolReader,
  SolStream,
  SolTiming,
} from './sol/types.ts';
export type {
  BmcClient,
  BmcTarget,
  BootDevice,
  ChassisControl,
  ChassisPower,
  DeviceId,
  IpmiDeps,
  IpmiErrorCode,
} from './types.ts';
export { IpmiError } from './types.ts';
export type { PresencePong } from './wire/asf.ts';
export type { SweepCredential } from './discovery/credential-plan.ts';
export type { DiscoveredBmc } from './discovery/inspect-bmc.ts';
export {
  sweepBmcs,
  type SweepOptions,
  type SweepProgress,
  type SweepResult,
} from './discovery/sweep.ts';
export { toCsv } from './discovery/to-csv.ts';
export {
  createLockoutGuard,
  type GuardEntry,
  type GuardStore,
  type LockoutFacts,
  type LockoutGuard,
  type LockoutGuardOptions,
  memoryGuardStore,
} from './pool/lockout-guard.ts';
export {
  type BmcPool,
  type BmcPoolDeps,
  type BmcPoolOptions,
  type BmcStatus,
  createBmcPool,
  type UseOptions,
} from './pool/pool.ts';
export { createPowerPoller, type PollerDeps, type PollerOptions, type PowerPoller } from './pool/poller.ts';
export type { PowerView, UnknownReason } from './pool/power-view.ts';
export type { BmcTuning, PoolTarget } from './pool/target.ts';
export type { Priority } from './pool/turn-order.ts';
export { measureProfile, type MeasureDeps, type MeasureOptions } from './profile/measure.ts';
export {
  type BmcProfile,
  exportProfile,
  type ProfileFinding,
  type PowerChange,
  targetOptionsOf,
  withPowerTimes,
} from './profile/profile.ts';
export { vendorName } from './profile/vendors.ts';
export { createGate, type Gate } from './pool/gate.ts';
export type { Connect } from './pool/bmc-slot.ts';
export { chassisIdentify } from './commands/chassis/identify.ts';
export { getSystemRestartCause } from './commands/chassis/get-system-restart-cause.ts';
export { coldReset, warmReset } from './commands/app/reset.ts';
export { getSelTime } from './commands/storage/sel-time.ts';
export { type FruInventory, readFru } from './fru/read-fru.ts';
export { readSdr, type SdrReading } from './sdr/read-sdr.ts';
export { clearSel } from './sel/clear-sel.ts';
export type { SelEntry } from './sel/entry.ts';
export { causeOfPowerChange, type PowerCause } from './sel/power-cause.ts';
export { readSel, type ReadSelOptions, type SelReading } from './sel/read-sel.ts';
export { selTimeOf } from './sel/time.ts';
export { readSensors, type SensorsReading } from './sensors/read-sensors.ts';
