import type { BmcService } from '../../src/provision/bmc-report.ts';

const at = 1_510_698_057_000;

/** BMCs that all tell the same; `step` is told each call and may refuse it. */
export function fakeBmcs(step: (...call: readonly [string, ...unknown[]]) => Promise<void>): BmcService {
  return {
    async sensors(uuid) {
      await step('sensors', uuid);
      const sensor = {
        name: 'CPU1 Temp',
        number: 1,
        lun: 0,
        type: 'Temperature',
        entity: 'processor 1',
        value: 42,
        unit: '°C',
        state: 'ok',
        thresholds: { upperCritical: 95 },
        states: [],
      } as const;
      return { sensors: [sensor], problems: ['sensor record 9 is malformed'] };
    },
    async eventLog(uuid, options) {
      await step('eventLog', uuid, options);
      const info = {
        version: 0x51,
        entries: 2,
        freeBytes: 4096,
        addedAt: at / 1000,
        erasedAt: 0xffff_ffff,
        overflow: false,
        operations: 0,
      };
      const entry = {
        recordId: 7,
        kind: 'event',
        recordType: 2,
        time: { kind: 'clock', seconds: at / 1000 },
        generator: 'BMC',
        sensor: { type: 0x14, typeName: 'Button', number: 3, name: 'Power Button' },
        text: 'power button pressed',
        asserted: true,
        severity: 'ok',
        event: { eventType: 0x6f, offset: 0, data: [0, 255, 255] },
      } as const;
      const older = { ...entry, recordId: 6, time: { kind: 'since-start', seconds: 12 } } as const;
      return { info, entries: [older, entry], olderLeftOut: true, problems: [] };
    },
    async fru(uuid) {
      await step('fru', uuid);
      return {
        chassis: undefined,
        board: {
          manufacturedAt: at / 1000,
          manufacturer: 'Acme',
          productName: 'X1',
          serialNumber: 'S1',
          partNumber: 'P1',
          fruFile: '',
          custom: [],
        },
        product: undefined,
        hasMultiRecords: false,
        problems: [],
      };
    },
    identifyLight: (uuid, light) => step('identifyLight', uuid, light),
    clearEventLog: (uuid) => step('clearEventLog', uuid),
    resetBmc: (uuid, kind) => step('resetBmc', uuid, kind),
    measureBmc: (uuid, options) => step('measureBmc', uuid, options),
    releaseBmc: (uuid) => step('releaseBmc', uuid),
    async bmcReport(uuid) {
      await step('bmcReport', uuid);
      return {
        power: { kind: 'known', on: true, at },
        session: { open: true, since: at, users: 1 },
        lastError: undefined,
        lockOut: { username: 'root', failures: 0, lockedOut: false },
        profile: undefined,
        findings: [],
      };
    },
    async scanBmcs(scan, progress) {
      await step('scanBmcs', scan);
      progress({ done: 1, total: 2, found: 1 });
      const row = {
        address: '192.0.2.9',
        port: 623,
        reachable: true,
        ipmi: ['2.0'],
        cipherSuites: [3, 17],
        findings: ['null-user'],
        credential: 0,
        username: 'root',
        vendor: 'Dell',
        firmware: '2.10',
        systemGuid: '00',
        problem: undefined,
      } as const;
      return { rows: [row], total: 2, complete: true, csv: 'name\r\nbmc-192-0-2-9\r\n' };
    },
  };
}
