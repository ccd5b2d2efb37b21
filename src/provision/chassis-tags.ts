import { type Mac, parseMac } from '../base/mac.ts';
import { badArgument } from './checks.ts';
import { type IpmiTag, readIpmiTag } from './ipmi-options.ts';

/** What the system tags of a chassis ask for. */
export interface ChassisTags {
  readonly skipIpmiCheck: boolean;
  readonly bootMacs: readonly Mac[];
  readonly bootMode: 'legacy' | 'uefi' | undefined;
  readonly ipmi: readonly IpmiTag[];
}

/** Reads the tags that concern a chassis; others are not ours to judge. */
export function readChassisTags(tags: readonly string[]): ChassisTags {
  let skipIpmiCheck = false;
  let bootMode: ChassisTags['bootMode'];
  const bootMacs: Mac[] = [];
  const ipmi: IpmiTag[] = [];
  for (const tag of tags) {
    const at = tag.indexOf('::');
    const [name, value] = at < 0 ? [tag, ''] : [tag.slice(0, at), tag.slice(at + 2)];
    if (name === 'skipIpmiCheck') skipIpmiCheck = value.toLowerCase() === 'true';
    if (name === 'bootMac') {
      const mac = parseMac(value);
      if (mac === undefined)
        throw badArgument('systemTags', `"${tag}" needs a MAC address like bootMac::52:54:00:12:34:56`);
      bootMacs.push(mac);
    }
    if (name === 'bootMode') {
      if (value !== 'legacy' && value !== 'uefi')
        throw badArgument('systemTags', `"${tag}" must be bootMode::legacy or bootMode::uefi`);
      bootMode = value;
    }
    const ofIpmi = readIpmiTag(name, value, tag);
    if (ofIpmi !== undefined) ipmi.push(ofIpmi);
  }
  return { skipIpmiCheck, bootMacs, bootMode, ipmi };
}
