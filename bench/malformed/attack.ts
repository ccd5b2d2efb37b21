import { devices } from '../pxe/lan.ts';
import { attackDhcp } from './attack-dhcp.ts';
import { attackHttp } from './attack-http.ts';
import { attackTftp } from './attack-tftp.ts';
import type { AttackOrder, AttackReport } from './orders.ts';
import { cableBytes, Tally } from './tally.ts';

/** Sends damaged packets to the server's ports: argv[2] is an AttackOrder; prints an AttackReport. Fails when the server stops answering. */
const order = JSON.parse(process.argv[2] ?? '') as AttackOrder;
const attacks = { dhcp: attackDhcp, tftp: attackTftp, http: attackHttp } as const;
const tally = new Tally();
const before = cableBytes(devices.client);
const witnessed = await attacks[order.protocol](order, tally);
const after = cableBytes(devices.client);
const report: AttackReport = {
  sent: order.cases,
  witnessed,
  bytesIn: after.sent - before.sent,
  bytesOut: after.received - before.received,
  answers: tally.answers,
  amplified: tally.amplified,
  larger: tally.larger,
  largest: tally.largest,
};
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
