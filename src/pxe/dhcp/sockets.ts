import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { OpenUdp, UdpSocket } from '../../net/udp.ts';
import type { Arrival } from './destination.ts';
import { type DhcpServerOptions, dhcpDefaults } from './options.ts';

type Receive = (datagram: Uint8Array, arrival: Arrival) => void;

/** The DHCP socket, and in proxy mode the one for what PXE clients ask there. */
export class DhcpSockets {
  readonly #open: (port: number, receive: Receive, name: Arrival['port']) => Promise<UdpSocket>;
  readonly #receive: Receive;
  readonly #proxyPort: number;
  readonly #log: Logger;
  #dhcp: UdpSocket | undefined;
  #proxy: UdpSocket | undefined;
  /** Opening and closing of the proxy socket, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(options: DhcpServerOptions, openUdp: OpenUdp, receive: Receive, log: Logger) {
    const { device, bindAddress = dhcpDefaults.bindAddress } = options;
    this.#open = (port, receiver, name) =>
      openUdp(
        {
          address: bindAddress,
          port,
          broadcast: true,
          bursts: 'apart',
          ...(device === undefined ? {} : { device }),
        },
        (datagram, from) =>
          receiver(datagram, { source: from.address as Ipv4, sourcePort: from.port, port: name }),
      );
    this.#receive = receive;
    this.#proxyPort = options.proxyPort ?? dhcpDefaults.proxyPort;
    this.#log = log;
  }

  /** Rejects with NetError when a port can't be had; nothing is left open then. */
  async open(port: number, withProxy: boolean): Promise<{ readonly address: Ipv4; readonly port: number }> {
    const dhcp = await this.#open(port, this.#receive, 'dhcp');
    this.#dhcp = dhcp;
    try {
      await this.#setProxy(withProxy);
    } catch (error) {
      await this.close();
      throw error;
    }
    return { address: dhcp.local.address as Ipv4, port: dhcp.local.port };
  }

  /** Opens or closes the proxy socket behind what is under way; a port that can't be had is logged. */
  wantProxy(withProxy: boolean): void {
    this.#changing = this.#changing
      .then(() => this.#setProxy(withProxy))
      .catch((error: unknown) =>
        this.#log.error(
          { port: this.#proxyPort, error: messageOf(error) },
          'no proxyDHCP for PXE clients that ask its port: end the other server on it and start this PXE server again',
        ),
      );
  }

  /** Undefined when the socket is not there any more. */
  send(
    datagram: Uint8Array,
    to: { readonly address: Ipv4; readonly port: number },
    from: Arrival['port'],
  ): Promise<void> | undefined {
    return (from === 'proxy' ? this.#proxy : this.#dhcp)?.send(datagram, to);
  }

  async close(): Promise<void> {
    await this.#changing;
    await this.#setProxy(false);
    await this.#dhcp?.close();
    this.#dhcp = undefined;
  }

  async #setProxy(wanted: boolean): Promise<void> {
    if (wanted) {
      this.#proxy ??= await this.#open(this.#proxyPort, this.#receive, 'proxy');
      return;
    }
    const proxy = this.#proxy;
    this.#proxy = undefined;
    await proxy?.close();
  }
}
