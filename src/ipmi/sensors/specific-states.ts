import { platformStates } from './platform-states.ts';
import { absent, crit, ok, type StateRow, warn } from './state-row.ts';

/** A gap in the offsets of a sensor type. */
const reserved = ok('reserved state');

/** States of sensors about hardware, by sensor type and offset. IPMI 2.0 §42.2, table 42-3 */
const hardwareStates: ReadonlyArray<readonly [type: number, states: readonly StateRow[]]> = [
  [
    0x05,
    [
      crit('chassis opened'),
      crit('drive bay opened'),
      crit('I/O card area opened'),
      crit('processor area opened'),
      warn('LAN leash lost'),
      warn('unauthorized dock'),
      warn('fan area opened'),
    ],
  ],
  [
    0x07,
    [
      crit('internal error (IERR)'),
      crit('thermal trip'),
      crit('self test failed (FRB1/BIST)'),
      crit('hung in POST (FRB2)'),
      crit('failed to start (FRB3)'),
      crit('configuration error'),
      crit('uncorrectable CPU-complex error'),
      ok('present'),
      warn('disabled'),
      ok('terminator present'),
      warn('throttled'),
      crit('machine check exception, uncorrectable'),
      warn('machine check error, corrected'),
    ],
  ],
  [
    0x08,
    [
      ok('present'),
      crit('failure'),
      warn('failure predicted'),
      crit('input lost'),
      crit('input lost or out of range'),
      crit('input out of range'),
      crit('configuration error'),
      ok('inactive (standby)'),
    ],
  ],
  [
    0x09,
    [
      ok('powered off'),
      ok('power cycle'),
      crit('240 VA power down'),
      crit('interlock power down'),
      crit('input power lost'),
      crit('soft power control failed'),
      crit('failure'),
      warn('failure predicted'),
    ],
  ],
  [
    0x0c,
    [
      warn('correctable ECC error'),
      crit('uncorrectable ECC error'),
      crit('parity error'),
      crit('scrub failed (stuck bit)'),
      warn('disabled'),
      warn('limit of correctable ECC errors reached'),
      ok('present'),
      crit('configuration error'),
      ok('spare'),
      warn('throttled'),
      crit('too hot'),
    ],
  ],
  [
    0x0d,
    [
      ok('drive present'),
      crit('drive fault'),
      warn('failure predicted'),
      ok('hot spare'),
      ok('consistency check under way'),
      warn('in an array that must not lose another drive'),
      crit('in a failed array'),
      warn('rebuild under way'),
      crit('rebuild aborted'),
    ],
  ],
  [0x0e, [warn('memory size changed in POST')]],
  [
    0x13,
    [
      crit('front panel NMI'),
      crit('bus timeout'),
      crit('I/O channel check NMI'),
      crit('software NMI'),
      crit('PCI parity error (PERR)'),
      crit('PCI system error (SERR)'),
      crit('EISA fail-safe timeout'),
      warn('bus error, corrected'),
      crit('bus error, uncorrectable'),
      crit('fatal NMI'),
      crit('fatal bus error'),
      warn('bus degraded'),
    ],
  ],
  [0x19, [crit('soft power control failed'), crit('thermal trip')]],
  [0x1b, [ok('connected'), crit('wrong or badly connected cable')]],
  [
    0x21,
    [
      crit('fault'),
      ok('identify light on'),
      ok('device in the slot'),
      ok('ready for installation'),
      ok('ready for removal'),
      ok('slot power off'),
      ok('removal requested'),
      ok('interlock closed'),
      warn('slot disabled'),
      ok('slot holds a spare'),
    ],
  ],
  [0x25, [ok('present'), absent('absent'), warn('disabled')]],
  [0x29, [warn('battery low'), crit('battery failed'), ok('battery present')]],
  [
    0x2c,
    [
      absent('not installed'),
      ok('inactive'),
      ok('activation requested'),
      ok('activation under way'),
      ok('active'),
      ok('deactivation requested'),
      ok('deactivation under way'),
      crit('communication lost'),
    ],
  ],
];

const specificStates: ReadonlyMap<number, readonly StateRow[]> = new Map([
  ...hardwareStates,
  ...platformStates(reserved),
]);

/** State of a sensor-specific event (event/reading type 0x6f); undefined where the standard has none. IPMI 2.0 §42.2, table 42-3 */
export const specificState = (sensorType: number, offset: number): StateRow | undefined =>
  specificStates.get(sensorType)?.[offset];
