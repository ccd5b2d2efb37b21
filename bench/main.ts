import { benchApi } from './api/main.ts';
import { benchDhcp } from './dhcp/main.ts';
import { benchHttp } from './http/main.ts';
import { benchIpmi } from './ipmi/main.ts';
import { say } from './support/report.ts';
import { benchTftp } from './tftp/main.ts';

const usage = `usage: npm run bench -- <api|boot|dhcp|http|ipmi|malformed|storm|tftp> [options]

Runs us and the peer side by side and prints a line of JSON a row:
{"work","peer","ours","theirs","ratio","unit","goal","runs"}, ratio above 1 where we are better.

  api [--requests N]   the REST API against bare fastify; N requests for the memory row (default 1000000)
  dhcp [--runs N] [--seconds N] [--no-perfdhcp] [--no-memory]
                       DHCP with the leases of 10,000 clients against Kea and dnsmasq; needs root
  http                 boot HTTP against nginx: 40 MB to one client and to fifty
  ipmi [looks] [fleet] [fleet-new] [consoles] [--minutes N]
                       IPMI against simulated BMCs; N minutes for each fleet row (default 10)
  tftp [speed] [loss] [crowd] [--tftpd-hpa PATH]
                       TFTP against dnsmasq, atftpd and tftpd-hpa, whose in.tftpd may lie at PATH; needs root
`;

const [name = '', ...rest] = process.argv.slice(2);
const numberAfter = (flag: string): number | undefined => {
  const at = rest.indexOf(flag);
  const value = at < 0 ? Number.NaN : Number(rest[at + 1]);
  return Number.isInteger(value) && value > 0 ? value : undefined;
};

if (name === 'api') await benchApi(numberAfter('--requests'));
else if (name === 'dhcp') await benchDhcp(rest);
else if (name === 'http') await benchHttp();
else if (name === 'ipmi') await benchIpmi(rest, numberAfter('--minutes'));
else if (name === 'tftp') await benchTftp(rest);
else {
  process.stderr.write(usage);
  process.exitCode = name === '--help' ? 0 : 2;
  if (name !== '' && name !== '--help') say(`there is no benchmark ${name}`);
}
