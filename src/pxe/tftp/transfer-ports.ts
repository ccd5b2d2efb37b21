import type { UdpBindOptions, UdpPeer, UdpReceiver, UdpSocket } from '../../net/udp.ts';
import { type Line, type Receive, TransferPort, type TransferPortDeps } from './transfer-port.ts';

/** How the sockets of transfers come about. */
export interface TransferSockets extends TransferPortDeps {
  /** Opens one on a port of the kernel's choice; rejects with NetError. */
  readonly open: (kind: Pick<UdpBindOptions, 'bursts' | 'parts'>, receive: UdpReceiver) => Promise<UdpSocket>;
}

/** The ports that a server's transfers go out from. */
export interface TransferPorts {
  /** The way to `client`, whose datagrams go to `receive`; rejects with NetError when it takes a socket that can't be had. */
  open(client: UdpPeer, windowSize: number, receive: Receive): Line | Promise<Line>;
  close(): Promise<void>;
}

/** Sockets that are shared: the ACKs of a thousand clients together fit the receive buffers of these. */
const sharedPorts = 4;
/**
 * Largest window that goes over a shared port. A larger one keeps its client busy by itself, and has a socket of its own, which sends parts of
 * it at once instead of the whole at the end of the step.
 */
const mostSharedWindow = 4;

/**
 * Opens the shared ports, which cost a fraction of a socket for each transfer: what many clients send is read together, and what they get leaves
 * together. Rejects as `open`, and leaves none open then.
 */
export async function openTransferPorts({ open, ...deps }: TransferSockets): Promise<TransferPorts> {
  const shared: TransferPort[] = [];
  const close = async (): Promise<void> => void (await Promise.all(shared.map((port) => port.close())));
  try {
    while (shared.length < sharedPorts)
      shared.push(await TransferPort.open((receive) => open({ bursts: 'joined' }, receive), deps));
  } catch (error) {
    await close();
    throw error;
  }
  let next = 0;

  function share(client: UdpPeer, receive: Receive): Line | undefined {
    for (let tries = 0; tries < sharedPorts; tries += 1) {
      next = (next + 1) % sharedPorts;
      const line = shared[next]?.take(client, receive);
      if (line !== undefined) return line;
    }
    return undefined;
  }

  async function own(client: UdpPeer, receive: Receive): Promise<Line> {
    const port = await TransferPort.open((receiveAll) => open({ parts: true }, receiveAll), deps);
    const line = port.take(client, receive);
    if (line === undefined) throw new Error('a transfer port was taken before anybody knew it');
    return { ...line, close: () => port.close() };
  }

  return {
    open: (client, windowSize, receive) =>
      (windowSize > mostSharedWindow ? undefined : share(client, receive)) ?? own(client, receive),
    close,
  };
}
