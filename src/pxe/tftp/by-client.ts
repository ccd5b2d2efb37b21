import type { UdpPeer } from '../../net/udp.ts';

/**
 * What belongs to a client's address and port. In two steps, so that finding it, which each datagram needs, makes no text of both: many
 * ROMs of a hall use one port, and one of them uses several.
 */
export class ByClient<T> {
  readonly #addresses = new Map<string, Map<number, T>>();

  get({ address, port }: UdpPeer): T | undefined {
    return this.#addresses.get(address)?.get(port);
  }

  set({ address, port }: UdpPeer, value: T): void {
    const ports = this.#addresses.get(address);
    if (ports === undefined) this.#addresses.set(address, new Map([[port, value]]));
    else ports.set(port, value);
  }

  delete({ address, port }: UdpPeer): void {
    const ports = this.#addresses.get(address);
    if (ports === undefined) return;
    ports.delete(port);
    if (ports.size === 0) this.#addresses.delete(address);
  }
}
