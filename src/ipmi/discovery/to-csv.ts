import type { SweepCredential } from './credential-plan.ts';
import type { DiscoveredBmc } from './inspect-bmc.ts';

const columns = ['name', 'ipmiAddress', 'ipmiUsername', 'ipmiPassword', 'ipmiPort', 'description'] as const;

/**
 * The BMCs as a file for creating chassis (docs/batch.md, RFC 4180): those that speak IPMI, one a line. The column ipmiPassword is empty
 * unless the caller hands over, as `withPasswords`, the list of credentials that the sweep had.
 */
export function toCsv(
  rows: readonly DiscoveredBmc[],
  options: { readonly withPasswords?: readonly SweepCredential[] } = {},
): string {
  const lines = rows.filter(({ reachable }) => reachable).map((row) => cellsOf(row, options.withPasswords));
  return [columns, ...lines].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function cellsOf(row: DiscoveredBmc, credentials: readonly SweepCredential[] = []): readonly string[] {
  const { address, port, username = '', credential, vendor, firmware, findings } = row;
  const password = credential === undefined ? '' : (credentials[credential]?.password ?? '');
  const facts = [
    vendor ?? '',
    firmware === undefined ? '' : `firmware ${firmware}`,
    findings.length > 0 ? `findings: ${findings.join(' ')}` : '',
  ];
  const description = harmless(facts.filter((fact) => fact !== '').join(', '));
  return [`bmc-${address.replaceAll('.', '-')}`, address, username, password, String(port), description];
}

/** A spreadsheet would take a text that begins so for a formula. Credentials are left as they are: they must not change. */
const harmless = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const quoted = (cell: string): string =>
  /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
