import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One parameter as the manual prints it; tags, which every API takes, are left out. */
export interface ContractParameter {
  readonly name: string;
  readonly in: 'url' | 'query' | 'body';
  readonly type: string;
  readonly required: boolean;
  readonly values?: readonly string[];
}

/** One API as the manual prints it. */
export interface ContractApi {
  readonly name: string;
  /** 1: hardware, the point of this toolkit; 2: the platform below; 3: virtual machines, as far as pass-through needs them. */
  readonly ring: 1 | 2 | 3;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly paths: readonly string[];
  /** Body member with the parameters. */
  readonly key: string | null;
  readonly async: boolean;
  readonly query: boolean;
  readonly params: readonly ContractParameter[];
  readonly request: Readonly<Record<string, unknown>> | null;
  readonly answer: {
    readonly kind: 'inventory' | 'inventories' | 'empty' | 'fields' | null;
    readonly sample: Readonly<Record<string, unknown>> | null;
  };
}

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'contract.json'), 'utf8')) as {
  readonly apis: readonly ContractApi[];
  readonly allNames: readonly string[];
};

/** The APIs of this toolkit. */
export const contractApis = file.apis;
/** The names of all of the manual's APIs. */
export const allNames = file.allNames;

/** APIs that the manual prints among ours and that are out of scope. */
export const outOfScope: ReadonlySet<string> = new Set(['UpdateL2Network']);
