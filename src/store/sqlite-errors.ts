import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite from 'better-sqlite3';
import { messageOf } from '../base/errors.ts';
import { StoreError } from './errors.ts';

/** Below this much free space a failed write is the disk's fault. 1 MiB: one checkpoint of a small log does not fit. */
const fullBelowBytes = 1_048_576;

/** Unique columns as SQLite lists them, and the API's name of the field that clashed. */
const uniqueFields: Readonly<Record<string, { readonly field: string; readonly text: string }>> = {
  'pxe_server.dhcp_interface': {
    field: 'dhcpInterface',
    text: 'another PXE server already has this dhcpInterface',
  },
  'chassis.ipmi_address, chassis.ipmi_port': {
    field: 'ipmiAddress',
    text: 'another chassis already has this ipmiAddress and ipmiPort',
  },
  'host.management_ip': { field: 'managementIp', text: 'another host already has this managementIp' },
  'chassis_mac.mac': { field: 'macs', text: 'one of these MAC addresses already belongs to another chassis' },
  'host_cfg.chassis_uuid': { field: 'chassisUuid', text: 'this chassis already has a hostcfg' },
  'nic_cfg.mac': { field: 'mac', text: 'a NIC of another hostcfg already has this MAC address' },
  'account_user.account_uuid, account_user.name': {
    field: 'name',
    text: 'another user of this account already has this name',
  },
  'account.name': { field: 'name', text: 'another account already has this name' },
};

/** Free bytes for an ordinary program on the file system of `directory`; undefined when it cannot be asked. */
function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function storageFull(directory: string, cause: unknown): StoreError {
  const free = freeBytes(directory);
  const left = free === undefined ? 'is used up' : `is used up (${Math.floor(free / 1024)} KiB left)`;
  return new StoreError(
    'storage-full',
    `free space on ${directory} ${left}: make room there; nothing of this write was kept`,
    { data: { directory }, cause },
  );
}

function conflict(message: string): StoreError {
  // SQLite tells which constraint failed in its text only; that text is columns, never values.
  const clash = uniqueFields[message.slice(message.indexOf(': ') + 2)];
  return clash === undefined
    ? new StoreError('conflict', 'this uuid is already in use', { data: { field: 'uuid' } })
    : new StoreError('conflict', clash.text, { data: { field: clash.field } });
}

/** For errors of node:fs, which carry an errno name; anything else is a fault of the program and stays as it is. */
function fromSystem(error: unknown, path: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return storageFull(dirname(path), error);
  return new StoreError('io', `${path} cannot be made, read or written (${code})`, {
    data: { reason: code },
    cause: error,
  });
}

/**
 * The StoreError of anything that a database call threw; `path` is the database file. A StoreError stays as it is. Result codes:
 * https://www.sqlite.org/rescode.html
 */
export function toStoreError(error: unknown, path: string): Error {
  if (error instanceof StoreError) return error;
  const directory = dirname(path);
  if (!(error instanceof sqlite.SqliteError)) return fromSystem(error, path);
  const { code } = error;
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return conflict(messageOf(error));
  }
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') {
    return new StoreError(
      'conflict',
      'what this belongs to is gone, or something still belongs to it; read the lists and repeat the call',
      { data: { reason: 'reference' } },
    );
  }
  if (code === 'SQLITE_FULL') return storageFull(directory, error);
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new StoreError(
      'damaged',
      `${path} is damaged (${code}): stop, keep a copy, and restore a backup or run sqlite3's .recover`,
      { cause: error },
    );
  }
  if (code.startsWith('SQLITE_IOERR') && (freeBytes(directory) ?? fullBelowBytes) < fullBelowBytes) {
    return storageFull(directory, error);
  }
  return new StoreError('io', `${path} could not be read or written (${code})`, {
    data: { reason: code },
    cause: error,
  });
}
