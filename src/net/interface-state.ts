import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { type Ipv4, ipv4FromNumber } from '../base/ipv4.ts';
import { type Mac, macFromBytes } from '../base/mac.ts';
import { callFailed, type Libc, libc } from './libc.ts';
import { AF_INET, ARPHRD_ETHER, SOCK_CLOEXEC, SOCK_DGRAM, u16of, u32of } from './sockaddr.ts';

// linux/sockios.h
const SIOCGIFADDR = 0x8915;
const SIOCGIFNETMASK = 0x891b;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const IFNAMSIZ = 16;

/** A network interface as it is now. */
export interface InterfaceState {
  /** The kernel's number of it; another number under the same name is another interface, and sockets bound to the first are dead. */
  readonly index: number;
  /** Undefined where it is no Ethernet. */
  readonly mac: Mac | undefined;
  /** Its first IPv4 address; undefined while it has none. */
  readonly ipv4: { readonly address: Ipv4; readonly netmask: Ipv4 } | undefined;
}

/** Looks at one interface; undefined when there is none of that name. Costs a few system calls, and needs no rights. */
export type LookAtInterface = (name: string) => InterfaceState | undefined;

/**
 * Prepares looks at interfaces by ioctl (netdevice(7)): unlike Node it shows those without carrier, unlike iproute2 it starts no
 * program, and unlike /sys it is always this process' network namespace. Rejects with NetError `io` where koffi does not load.
 */
export async function openInterfaceLook(): Promise<LookAtInterface> {
  const c = await libc('look at network interfaces');
  return (name) => look(c, name);
}

function look(c: Libc, name: string): InterfaceState | undefined {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length === 0 || encoded.length >= IFNAMSIZ) return undefined;
  const fd = c.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw callFailed('socket', c.lastError());
  try {
    /** The union of struct ifreq behind the name. */
    const ask = (request: number): ByteReader | undefined => {
      const ifreq = new ByteWriter(40)
        .bytes(encoded)
        .fill(40 - encoded.length)
        .done();
      return c.ioctl(fd, request, ifreq) < 0 ? undefined : new ByteReader(ifreq, IFNAMSIZ);
    };
    /** struct sockaddr_in: family, port, address. */
    const addressOf = (answer: ByteReader | undefined): Ipv4 | undefined => {
      answer?.skip(4, 'ifreq.family');
      return answer && ipv4FromNumber(answer.u32be('ifreq.address'));
    };
    const index = ask(SIOCGIFINDEX);
    if (index === undefined) return undefined;
    const hardware = ask(SIOCGIFHWADDR);
    const address = addressOf(ask(SIOCGIFADDR));
    const netmask = addressOf(ask(SIOCGIFNETMASK));
    return {
      index: u32of(index, 'ifreq.ifindex'),
      mac: hardware && ethernetOf(hardware),
      ipv4: address === undefined || netmask === undefined ? undefined : { address, netmask },
    };
  } finally {
    c.close(fd);
  }
}

/** struct sockaddr whose family is an ARPHRD number. */
function ethernetOf(reader: ByteReader): Mac | undefined {
  const family = u16of(reader, 'ifreq.family');
  return family === ARPHRD_ETHER ? macFromBytes(reader.bytes(6, 'ifreq.hwaddr')) : undefined;
}
