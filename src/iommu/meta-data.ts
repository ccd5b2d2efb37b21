/** One condition of a device's metaData. */
interface MetaDataEntry {
  readonly key: string;
  readonly op: 'Equal' | 'Unequal';
  readonly value: string;
}

/**
 * The member metaData of an inventory, as JSON: the text as it was written, and its parts `key=value` and `key!=value`, which are
 * separated by commas, semicolons or line ends. Empty text takes it away: undefined. Parts of another form are in the text only.
 */
export function renderMetaData(text: string): string | undefined {
  if (text === '') return undefined;
  const metaDataEntries = text.split(/[,;\n]/).flatMap((part): MetaDataEntry[] => {
    const [, key, sign, value] = /^\s*([^=!\s][^=!]*?)\s*(!?=)\s*(.*?)\s*$/s.exec(part) ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ key, op: sign === '!=' ? 'Unequal' : 'Equal', value }];
  });
  return JSON.stringify({ metaData: text, metaDataEntries });
}
