import { netFn } from '../command.ts';
import { getRecord } from './get-sel-entry.ts';

/** Get SDR from the SDR repository. IPMI 2.0 §33.12 */
export const getSdr = getRecord('Get SDR', netFn.storage, 0x23);

/** Get Device SDR: records that a controller keeps about its own sensors. IPMI 2.0 §35.3 */
export const getDeviceSdr = getRecord('Get Device SDR', netFn.sensor, 0x21);
