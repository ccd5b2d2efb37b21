import { IommuError } from '../errors.ts';

/** A PCI id of one to four hex digits, with or without `0x`, as four lower-case digits. PCI Local Bus 3.0 §6.2.1 */
export function pciId(parameter: string, text: string): string {
  const digits = /^(?:0x)?([0-9a-f]{1,4})$/i.exec(text.trim())?.[1];
  if (digits !== undefined) return digits.toLowerCase().padStart(4, '0');
  throw new IommuError(
    'invalid-argument',
    `${parameter}: must have one to four hex digits as lspci -nn shows them, such as 10de`,
    { data: { parameter } },
  );
}

/** The same for an id that may be left out; empty means left out. */
export function optionalPciId(parameter: string, text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : pciId(parameter, text);
}
