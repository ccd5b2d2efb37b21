/** One step of the schema. Immutable once landed: the hash of `sql` is checked at every start. */
export interface Migration {
  /** Numbered from 1 without gaps. */
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}
