import { benchApi } from './api/main.ts';
import { benchBoot } from './boot/main.ts';
import { benchDhcp } from './dhcp/main.ts';
import { benchHttp } from './http/main.ts';
import { benchIpmi } from './ipmi/main.ts';
import { benchMalformed } from './malformed/main.ts';
import { benchStorm } from './storm/main.ts';
import { say } from './support/report.ts';
import { benchTftp } from './tftp/main.ts';

const usage = `usage: npm run bench -- <api|boot|dhcp|http|ipmi|malformed|storm|tftp> [options]

Runs us and the peer side by side and prints a line of JSON a row:
{"work","peer","ours","theirs","ratio","unit","goal","runs"}, ratio above 1 where we are better.

  api [--requests N]   the REST API against bare fastify; N requests for the memory row (default 1000000)
  boot [--uefi] [--runs N]
                       an emulated machine from power-on to its kernel, against dnsmasq with nginx; needs root
  dhcp [--runs N] [--seconds N] [--no-perfdhcp] [--no-memory]
                       DHCP with the leases of 10,000 clients against Kea and dnsmasq; needs root
  http                 boot HTTP against nginx: 40 MB to one client and to fifty
  ipmi [looks] [fleet] [fleet-new] [consoles] [--minutes N]
                       IPMI against simulated BMCs; N minutes for each fleet row (default 10)
  malformed [dhcp] [tftp] [http]
                       1,000,000 malformed packets a server, or as many as CASES in the environment says; needs root
  storm [--machines N] [--runs N]
                       1,000 machines boot within ten seconds, against dnsmasq with nginx; needs root
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
else if (name === 'boot') await benchBoot(rest);
else if (name === 'dhcp') await benchDhcp(rest);
else if (name === 'http') await benchHttp();
else if (name === 'ipmi') await benchIpmi(rest, numberAfter('--minutes'));
else if (name === 'malformed') await benchMalformed(rest);
else if (name === 'storm') await benchStorm(rest);
else if (name === 'tftp') await benchTftp(rest);
else {
  process.stderr.write(usage);
  process.exitCode = name === '--help' ? 0 : 2;
  if (name !== '' && name !== '--help') say(`there is no benchmark ${name}`);
}
