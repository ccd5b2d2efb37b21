import { ByteReader, ByteWriter } from '../../../base/bytes.ts';

/** SOL parameters in use. IPMI 2.0 §26.3, table 26-5 */
export const solParameter = {
  setInProgress: 0,
  enable: 1,
  authentication: 2,
  accumulate: 3,
  retry: 4,
  nonVolatileBitRate: 5,
  volatileBitRate: 6,
  channel: 7,
  port: 8,
} as const;

/** Parameter 2: who may use SOL and how. */
export interface SolAuthentication {
  readonly forceEncryption: boolean;
  readonly forceAuthentication: boolean;
  /** Lowest privilege level that may activate it. */
  readonly privilege: number;
}

/** One byte of parameter 2. IPMI 2.0 §26.3 */
export const encodeSolAuthentication = (value: SolAuthentication): Uint8Array =>
  Uint8Array.of(
    (value.forceEncryption ? 0x80 : 0) | (value.forceAuthentication ? 0x40 : 0) | (value.privilege & 0x0f),
  );

/** Reads parameter 2. IPMI 2.0 §26.3 */
export function decodeSolAuthentication(bytes: Uint8Array): SolAuthentication {
  const value = new ByteReader(bytes).u8('sol.authentication');
  return {
    forceEncryption: (value & 0x80) !== 0,
    forceAuthentication: (value & 0x40) !== 0,
    privilege: value & 0x0f,
  };
}

/** Parameter 3: when the BMC sends what it has of the console's output. */
export interface SolAccumulate {
  /** Steps of 5 ms that it waits for more; 1 to 255. */
  readonly intervalSteps: number;
  /** Characters that it sends at once at the latest. */
  readonly threshold: number;
}

/** Two bytes of parameter 3. IPMI 2.0 §26.3 */
export const encodeSolAccumulate = (value: SolAccumulate): Uint8Array =>
  new ByteWriter(2).u8(value.intervalSteps).u8(value.threshold).done();

/** Reads parameter 3. IPMI 2.0 §26.3 */
export function decodeSolAccumulate(bytes: Uint8Array): SolAccumulate {
  const r = new ByteReader(bytes);
  return { intervalSteps: r.u8('sol.accumulateInterval'), threshold: r.u8('sol.sendThreshold') };
}

/** Parameter 4: how the BMC repeats an unanswered packet. */
export interface SolRetry {
  /** 0 to 7. */
  readonly count: number;
  /** Steps of 10 ms between tries. */
  readonly intervalSteps: number;
}

/** Two bytes of parameter 4. IPMI 2.0 §26.3 */
export const encodeSolRetry = (value: SolRetry): Uint8Array =>
  new ByteWriter(2)
    .u8(value.count & 0x07)
    .u8(value.intervalSteps)
    .done();

/** Reads parameter 4. IPMI 2.0 §26.3 */
export function decodeSolRetry(bytes: Uint8Array): SolRetry {
  const r = new ByteReader(bytes);
  return { count: r.u8('sol.retryCount') & 0x07, intervalSteps: r.u8('sol.retryInterval') };
}

const bitRates: ReadonlyMap<number, number> = new Map([
  [0x06, 9600],
  [0x07, 19_200],
  [0x08, 38_400],
  [0x09, 57_600],
  [0x0a, 115_200],
]);

/** Bits per second of parameters 5 and 6; undefined: as the serial port is set up, or a rate not in the standard. IPMI 2.0 §26.3 */
export const solBitRate = (bytes: Uint8Array): number | undefined =>
  bitRates.get(new ByteReader(bytes).u8('sol.bitRate') & 0x0f);
