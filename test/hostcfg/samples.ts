import { type KickstartInput, parseCfgItems } from '../../src/hostcfg/index.ts';
import { sha512Crypt } from '../../src/provision/sha512-crypt.ts';

/** One NIC by DHCP, nothing else. */
export const plainInput: KickstartInput = {
  hostname: undefined,
  rootPasswordCrypt: undefined,
  vnc: false,
  vncPassword: undefined,
  unattended: true,
  network: parseCfgItems({ nicCfgs: [{ mac: '52:54:00:00:00:01', pxe: true }] }),
  installUrl: 'http://192.0.2.1:8081/tree/',
  beginUrl: 'http://192.0.2.1:8081/boot/0123456789abcdef/begin',
  endUrl: 'http://192.0.2.1:8081/boot/0123456789abcdef/end',
};

/** A NIC with an address, a bond with VLANs, a VLAN on a NIC. */
export const bondedInput: KickstartInput = {
  ...plainInput,
  hostname: 'node-7.rack1.example',
  rootPasswordCrypt: sha512Crypt('not a secret', 'goldensalt'),
  vnc: true,
  vncPassword: 'Q7#x\'"$2',
  network: parseCfgItems({
    nicCfgs: [
      { mac: '52:54:00:00:00:01', pxe: true, ip: '192.0.2.10', netmask: '255.255.255.0', dns: '192.0.2.53' },
      { mac: '52:54:00:00:00:02' },
    ],
    bondings: [
      {
        name: 'bond0',
        slaves: '52:54:00:00:00:03,52:54:00:00:00:04',
        ip: '198.51.100.10',
        netmask: '255.255.255.0',
        gateway: '198.51.100.1',
      },
      { name: 'storage', slaves: '52:54:00:00:00:05', mode: 1 },
    ],
    vlans: [
      { parent: 'storage', vlanId: 100, ip: '203.0.113.10', netmask: '255.255.255.128' },
      { parent: '52:54:00:00:00:02', vlanId: 4094 },
    ],
  }),
  failedUrl: 'http://192.0.2.1:8081/boot/0123456789abcdef/failed',
};

/** A person chooses the disks over VNC. */
export const attendedInput: KickstartInput = {
  ...plainInput,
  vnc: true,
  vncPassword: 'looksee1',
  unattended: false,
  installUrl: undefined,
};
