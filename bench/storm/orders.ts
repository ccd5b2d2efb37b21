/** What the crowd does: machines that power on within some time and boot. On the command line as JSON. */
export interface CrowdOrder {
  readonly machines: number;
  /** All power on within this time, evenly. */
  readonly withinMs: number;
  /** Network namespace of the machines, where each gets its address. */
  readonly namespace: string;
  /** Loader and kernel on disk; every byte that comes is compared. */
  readonly loader: string;
  readonly kernel: string;
}

/** Steps of a boot: DHCP of the ROM, its loader by TFTP, DHCP of iPXE, script and kernel by HTTP. */
export type Phase = 'rom' | 'loader' | 'ipxe' | 'script' | 'kernel';

/** What it saw. */
export interface CrowdReport {
  /** From the first power-on to the last byte of the last machine. */
  readonly ms: number;
  readonly booted: number;
  /** Why the others did not: reason to count. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of one machine from its power-on on. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** DHCP messages and TFTP packets that were sent once more. */
  readonly repeats: number;
  /** Medians. */
  readonly phasesMs: Readonly<Record<Phase, number>>;
}
