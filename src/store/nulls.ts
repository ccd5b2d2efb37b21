/** A record as SQL has it: what may be undefined is null. */
export type Nullable<T> = {
  readonly [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K];
};

/** The record with null for every undefined member. */
export function toNulls<T extends object>(record: T): Nullable<T> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, value === undefined ? null : value]),
  ) as Nullable<T>;
}

/** The record with undefined for every null member. */
export function fromNulls<T extends object>(row: Nullable<T>): T {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null ? undefined : value]),
  ) as T;
}
