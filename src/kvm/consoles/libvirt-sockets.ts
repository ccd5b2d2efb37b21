/** Where libvirt's daemons listen: the one of all drivers (or the proxy that took its place), and QEMU's own. */
const systemSockets = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock'] as const;

/** A libvirt as its daemon on the host is asked for it. */
export interface LibvirtDoor {
  /** For the daemon itself, without what only its clients need to know. */
  readonly uri: string;
  /** Unix sockets of the host, in the order of trying. */
  readonly sockets: readonly string[];
}

/** How the daemon of a URI of virsh is reached on its own host; undefined when its place cannot be told (`qemu:///session`). */
export function libvirtDoorOf(libvirtUri: string): LibvirtDoor | undefined {
  const parts = /^(qemu)(?:\+unix)?:\/\/(\/system)(?:\?([^#]*))?$/.exec(libvirtUri);
  if (parts === null) return undefined;
  const socket = new URLSearchParams(parts[3]).get('socket');
  return { uri: 'qemu:///system', sockets: socket === null ? systemSockets : [socket] };
}
