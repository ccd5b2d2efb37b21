// The lab's serial cables, inside its network namespace: arguments are pairs of TCP ports of 127.0.0.1, a BMC's and its machine's. A BMC
// stays connected to its port; the QEMU of its machine, a new one at each power-on, connects to the other. ipmi_sim by itself looks only
// every ten seconds for a machine that went, and would miss each boot. Not unix sockets: QEMU writes single characters, a few hundred
// of which fill one, and then QEMU loses some. Plain JavaScript, so that it starts at once. Says `ready`, and ends when the lab does (its
// standard input closes).
import { createServer } from 'node:net';

/** A BMC that reads nothing loses characters, as on a real line without flow control: it must not hold the machine. */
const mostBehind = 1 << 20;

/** Answers a listener that gives what comes to `other()` and keeps the newest connection only. */
function end(other) {
  const self = { peer: undefined };
  self.server = createServer((socket) => {
    self.peer?.destroy();
    self.peer = socket;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (self.peer === socket) self.peer = undefined;
    });
    socket.on('data', (bytes) => {
      const to = other();
      if (to !== undefined && to.writableLength < mostBehind) to.write(bytes);
    });
  });
  return self;
}

const ports = process.argv.slice(2).map(Number);
let closed = ports.length;
const listen = (server, port) =>
  server.listen(port, '127.0.0.1', () => {
    closed -= 1;
    if (closed === 0) process.stdout.write('ready\n');
  });
for (let at = 0; at < ports.length; at += 2) {
  const machine = end(() => bmc.peer);
  const bmc = end(() => machine.peer);
  listen(bmc.server, ports[at]);
  listen(machine.server, ports[at + 1]);
}
process.stdin.resume();
process.stdin.on('close', () => process.exit(0));
