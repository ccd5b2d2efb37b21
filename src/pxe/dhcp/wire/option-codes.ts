/** Option numbers used here, by the names of RFC 2132 and, where noted, later documents. */
export const code = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  broadcastAddress: 28,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  tftpServerName: 66,
  bootFileName: 67,
  /** RFC 3004 */
  userClass: 77,
  /** RFC 4039 */
  rapidCommit: 80,
  /** RFC 3046 */
  relayInfo: 82,
  /** RFC 4578 §2.1 */
  clientArch: 93,
  /** RFC 4578 §2.3 */
  machineId: 97,
  /** RFC 3011 */
  subnetSelection: 118,
  /** iPXE's encapsulated options; https://ipxe.org/howto/dhcpd */
  ipxe: 175,
  end: 255,
} as const;
