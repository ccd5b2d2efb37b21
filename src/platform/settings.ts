import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid } from '../base/uuid.ts';
import { PlatformError } from './errors.ts';
import type { StoredSetting } from './model.ts';
import type { SettingStore } from './ports.ts';
import {
  type SettingDefinition,
  settingDefinitions,
  type SettingKey,
  type SettingValue,
} from './setting-definitions.ts';

export type { SettingKey } from './setting-definitions.ts';

/** Defaults that the configuration file gives in place of the built-in ones. */
export type SettingDefaults = { readonly [Key in SettingKey]?: SettingValue<Key> };

/** The settings in force: read from memory, changed durably, effective at once. */
export interface Settings {
  get<Key extends SettingKey>(key: Key): SettingValue<Key>;
  /** Sets one by its text; undefined goes back to the default. Rejects with PlatformError `not-found` or `invalid-argument`. */
  update(category: string, name: string, value: string | undefined): Promise<void>;
}

interface Entry {
  readonly row: StoredSetting;
  readonly value: number | boolean;
}

const keys = Object.keys(settingDefinitions) as readonly SettingKey[];

/** ZStack's two parts of a name: the category has no dots, what follows may. */
function partsOf(key: SettingKey): { readonly category: string; readonly name: string } {
  const dot = key.indexOf('.');
  return { category: key.slice(0, dot), name: key.slice(dot + 1) };
}

/** The value that a text means; undefined when it is none that the setting may have. */
function readValue(definition: SettingDefinition, text: string): number | boolean | undefined {
  const trimmed = text.trim();
  if (definition.kind === 'boolean') {
    const word = trimmed.toLowerCase();
    return word === 'true' || word === 'false' ? word === 'true' : undefined;
  }
  const value = /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : undefined;
  return value !== undefined && value >= definition.minimum && value <= definition.maximum
    ? value
    : undefined;
}

function rangeOf(definition: SettingDefinition): string {
  return definition.kind === 'boolean'
    ? 'must be true or false'
    : `must be a whole number from ${definition.minimum} to ${definition.maximum}`;
}

/** The row that the table should have, and its value. A stored text that this version no longer allows gives way to the default. */
function entryOf(
  key: SettingKey,
  wish: number | boolean | undefined,
  stored: StoredSetting | undefined,
  fresh: Pick<StoredSetting, 'uuid' | 'createDate' | 'lastOpDate'>,
): Entry {
  const definition: SettingDefinition = settingDefinitions[key];
  const fallback = wish ?? definition.default;
  if (readValue(definition, String(fallback)) === undefined) {
    throw new PlatformError('invalid-argument', `the configured default of ${key} ${rangeOf(definition)}`, {
      data: { parameter: key },
    });
  }
  const set = stored?.isSet === true ? readValue(definition, stored.value) : undefined;
  const value = set ?? fallback;
  const { uuid, createDate, lastOpDate } = stored ?? fresh;
  return {
    value,
    row: {
      uuid,
      ...partsOf(key),
      description: definition.description,
      defaultValue: String(fallback),
      value: String(value),
      isSet: set !== undefined,
      createDate,
      lastOpDate,
    },
  };
}

function isSame(a: StoredSetting, b: StoredSetting | undefined): boolean {
  return (
    b !== undefined &&
    (['description', 'defaultValue', 'value', 'isSet'] as const).every((member) => a[member] === b[member])
  );
}

/**
 * Reads the stored values and brings the table in step with the definitions: a row for each setting and none besides. Rejects with
 * StoreError, and with PlatformError `invalid-argument` when a configured default is out of bounds.
 */
export async function openSettings(deps: {
  readonly store: SettingStore;
  readonly defaults: SettingDefaults;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): Promise<Settings> {
  const { store, defaults, clock, log } = deps;
  const stored = new Map((await store.listSettings()).map((row) => [`${row.category}.${row.name}`, row]));
  const entries = new Map<string, Entry>();
  for (const key of keys) {
    const row = stored.get(key);
    const now = clock.now();
    const fresh = { uuid: newUuid(deps.random), createDate: now, lastOpDate: now };
    const entry = entryOf(key, defaults[key], row, fresh);
    if (row?.isSet === true && !entry.row.isSet) {
      log.warn({ setting: key }, 'the stored value is no longer allowed; the default holds');
    }
    entries.set(key, entry);
  }
  await store.saveSettings(
    [...entries].filter(([key, { row }]) => !isSame(row, stored.get(key))).map(([, { row }]) => row),
  );
  await store.deleteSettings([...stored].filter(([key]) => !entries.has(key)).map(([, { uuid }]) => uuid));

  return {
    get<Key extends SettingKey>(key: Key): SettingValue<Key> {
      // Every key got its entry above, checked against the kind of its definition.
      return entries.get(key)?.value as SettingValue<Key>;
    },
    async update(category, name, value) {
      const key = keys.find((one) => one === `${category}.${name}` && partsOf(one).category === category);
      const entry = key === undefined ? undefined : entries.get(key);
      if (key === undefined || entry === undefined) {
        throw new PlatformError(
          'not-found',
          'there is no setting of this category and name; QueryGlobalConfig lists them',
        );
      }
      const definition: SettingDefinition = settingDefinitions[key];
      const text = value ?? entry.row.defaultValue;
      const next = readValue(definition, text);
      if (next === undefined) {
        throw new PlatformError('invalid-argument', `value: ${key} ${rangeOf(definition)}`, {
          data: { parameter: 'value' },
        });
      }
      const row = {
        ...entry.row,
        value: String(next),
        isSet: value !== undefined,
        lastOpDate: clock.now(),
      };
      await store.saveSettings([row]);
      // Writes resolve in the order of the calls, so the last word on disk is the last one here.
      entries.set(key, { row, value: next });
      log.info({ setting: key, value: row.value, isSet: row.isSet }, 'a setting was changed');
    },
  };
}
