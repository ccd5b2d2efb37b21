import type {
  BmcProfile,
  BmcStatus,
  DiscoveredBmc,
  FruInventory,
  PowerView,
  SelReading,
  SensorsReading,
  SweepOptions,
  SweepProgress,
} from '../ipmi/index.ts';
import type { BmcFinding } from './bmc-findings.ts';

/** What is known of the BMC of a chassis without asking it. Times in ms since the epoch. */
export interface BmcReport {
  /** As last seen, with its age; `unknown` with the reason. */
  readonly power: PowerView;
  readonly session: Pick<BmcStatus, 'open' | 'since' | 'users'>;
  readonly lastError: BmcStatus['lastError'];
  readonly lockOut: {
    readonly username: string;
    readonly failures: number;
    /** No login is tried until somebody acts. */
    readonly lockedOut: boolean;
  };
  /** Undefined until it was measured. */
  readonly profile: BmcProfile | undefined;
  readonly findings: readonly BmcFinding[];
}

/** Which networks to look for BMCs in, and how. */
export type BmcScan = Pick<SweepOptions, 'ranges' | 'port' | 'credentials' | 'thorough' | 'packetsPerSecond'>;

/** What a scan found; `csv` is a file for creating the chassis, without passwords. */
export interface BmcScanResult {
  readonly rows: readonly DiscoveredBmc[];
  readonly total: number;
  readonly complete: boolean;
  readonly csv: string;
}

/** BMCs as people ask them. Every method rejects with ProvisionError: `bmc-failed` for a BMC's fault. */
export interface BmcService {
  sensors(chassisUuid: string): Promise<SensorsReading>;
  /** The newest `limit` entries of the event log, or those after the record `since`. */
  eventLog(
    chassisUuid: string,
    options: { readonly limit?: number; readonly since?: number },
  ): Promise<SelReading>;
  fru(chassisUuid: string): Promise<FruInventory>;
  /** Lights the identify lamp for 0 to 255 seconds, 0 switches it off; `force`: until it is switched off. */
  identifyLight(
    chassisUuid: string,
    light: { readonly seconds: number; readonly force: boolean },
  ): Promise<void>;
  clearEventLog(chassisUuid: string): Promise<void>;
  /** Restarts the BMC, not the machine; `Cold` may lose settings of the BMC. */
  resetBmc(chassisUuid: string, kind: 'Cold' | 'Warm'): Promise<void>;
  /**
   * Measures how the BMC wants to be treated. `probeBoot` sets and takes back a boot flag for a moment: a machine that starts in that moment
   * would boot from the network, so that it is only done where somebody asks for it, and never during a run.
   */
  measureBmc(chassisUuid: string, options: { readonly probeBoot: boolean }): Promise<void>;
  /** Allows another login after failed ones. */
  releaseBmc(chassisUuid: string): Promise<void>;
  bmcReport(chassisUuid: string): Promise<BmcReport>;
  scanBmcs(scan: BmcScan, progress: (progress: SweepProgress) => void): Promise<BmcScanResult>;
}
