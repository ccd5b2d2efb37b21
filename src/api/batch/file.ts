import { CsvError, parse } from 'csv-parse/sync';

/** Columns of a batch file; the header line names them in any order and any case. */
export const batchColumns = [
  'name',
  'description',
  'ipmiAddress',
  'ipmiPort',
  'ipmiUsername',
  'ipmiPassword',
  'cluster',
  'tags',
  'nics',
  'rootPassword',
] as const;
export type BatchColumn = (typeof batchColumns)[number];

/** Columns that every file has, and every line fills. */
export const mandatoryColumns = ['name', 'ipmiAddress', 'ipmiUsername', 'ipmiPassword'] as const;

const maxLines = 10_000;

/**
 * What is wrong at a place of the file; a line counts from 1, the header's. The text never quotes a cell: in a line whose cells
 * slipped, or in a file without a header, any cell may be a password.
 */
export interface BatchFault {
  readonly line: number;
  readonly column: BatchColumn | undefined;
  readonly fault: string;
}

/** One line as it stands in the file; a column that the file lacks is an empty text. */
export interface BatchRow {
  readonly line: number;
  readonly cells: Readonly<Record<BatchColumn, string>>;
}

const fileFault = (line: number, fault: string): BatchFault => ({ line, column: undefined, fault });

/** The file's text, from the text itself or from its base64 (which has no commas). Undefined when it is neither in UTF-8. */
function decodeFile(content: string): string | undefined {
  if (content.includes(',')) return content;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(content.replaceAll(/\s+/g, ''))) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(content, 'base64'));
  } catch {
    return undefined;
  }
}

/** Our own text for a fault of the CSV itself: the library's quotes what it found. */
function csvFault(error: CsvError, lineAfterLastGood: number): BatchFault {
  const line = Number(error['lines']);
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return fileFault(lineAfterLastGood, 'a quotation mark opens a cell and none closes it');
  }
  return fileFault(
    Number.isInteger(line) ? line : lineAfterLastGood,
    'has a quotation mark inside a cell; put the whole cell in quotation marks and write each one inside it twice',
  );
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function recordsOf(text: string): readonly CsvRecord[] | BatchFault {
  let end = 0;
  let empty = 0;
  const records: CsvRecord[] = [];
  try {
    // The parser counts two lines for a CRLF inside a cell, and takes the first line's end for that of all.
    parse(text.replaceAll(/\r\n?/g, '\n'), {
      bom: true,
      record_delimiter: '\n',
      relax_column_count: true,
      skip_empty_lines: true,
      to: maxLines + 2,
      on_record(cells: string[], { lines, empty_lines }) {
        records.push({ line: end + 1 + empty_lines - empty, cells });
        end = lines;
        empty = empty_lines;
        return null;
      },
    });
  } catch (error) {
    if (error instanceof CsvError) return csvFault(error, end + 1);
    throw error;
  }
  return records;
}

function headerOf({ line, cells }: CsvRecord): {
  readonly columns: readonly (BatchColumn | undefined)[];
  readonly faults: readonly BatchFault[];
} {
  const columns = cells.map((cell) =>
    batchColumns.find((column) => column.toLowerCase() === cell.trim().toLowerCase()),
  );
  const faults: BatchFault[] = [];
  for (const [index, column] of columns.entries()) {
    if (column === undefined) {
      const known = batchColumns.join(', ');
      faults.push(fileFault(line, `cell ${index + 1} of the header line is none of ${known}`));
    } else if (columns.indexOf(column) < index) {
      faults.push({ line, column, fault: 'is in the header line twice' });
    }
  }
  for (const column of mandatoryColumns) {
    if (!columns.includes(column)) faults.push({ line, column, fault: 'is missing in the header line' });
  }
  return { columns, faults };
}

/** Rows of a batch file (CSV as RFC 4180 §2 with a header line, or the base64 of one), and what is wrong with its form. */
export function readBatchFile(content: string): {
  readonly rows: readonly BatchRow[];
  readonly faults: readonly BatchFault[];
  /** Filled lines below the header, faulty ones too; 0 when the file could not be read as far. */
  readonly total: number;
} {
  const only = (fault: BatchFault) => ({ rows: [], faults: [fault], total: 0 });
  const text = decodeFile(content);
  if (text === undefined) {
    return only(fileFault(1, 'the file must be CSV with commas in UTF-8, as text or in base64'));
  }
  const records = recordsOf(text);
  if (!Array.isArray(records)) return only(records as BatchFault);
  const [header, ...lines] = records as readonly CsvRecord[];
  if (header === undefined) return only(fileFault(1, 'the file is empty; begin with the header line'));
  const { columns, faults } = headerOf(header);
  if (faults.length > 0) return { rows: [], faults, total: 0 };
  // Spreadsheets leave such lines behind.
  const filled = lines.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  if (lines.length > maxLines) {
    return only(fileFault(1, `the file has more than ${maxLines} lines; divide it`));
  }
  if (filled.length === 0) return only(fileFault(header.line, 'no line follows the header line'));
  const rows: BatchRow[] = [];
  const ragged: BatchFault[] = [];
  for (const { line, cells } of filled) {
    if (cells.length === columns.length) {
      const cellOf = (column: BatchColumn) => [column, cells[columns.indexOf(column)] ?? ''] as const;
      rows.push({ line, cells: Object.fromEntries(batchColumns.map(cellOf)) as BatchRow['cells'] });
    } else {
      const counts = `has ${cells.length} cells, the header line ${columns.length}`;
      ragged.push(fileFault(line, `${counts}; a cell that holds a comma needs quotation marks around it`));
    }
  }
  return { rows, faults: ragged, total: filled.length };
}
