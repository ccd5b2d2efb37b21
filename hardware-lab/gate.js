// The lab's door into its network namespace: listens on a unix socket (argument 1); a client's first line is `<host> <port>`, the
// rest is piped to that TCP address as seen from inside. Plain JavaScript, so that it starts at once. Ends when the lab does (its
// standard input closes).
import { connect, createServer } from 'node:net';

const server = createServer({ allowHalfOpen: true }, (client) => {
  client.on('error', () => client.destroy());
  let head = Buffer.alloc(0);
  const onData = (chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\n');
    if (end < 0) return;
    client.off('data', onData);
    client.pause();
    const [host, port] = head.subarray(0, end).toString('latin1').split(' ');
    const target = connect({ host, port: Number(port), allowHalfOpen: true });
    target.on('error', () => client.destroy());
    target.on('close', () => client.destroy());
    client.on('close', () => target.destroy());
    target.on('connect', () => {
      target.write(head.subarray(end + 1));
      client.pipe(target).pipe(client);
    });
  };
  client.on('data', onData);
});
server.listen(process.argv[2]);
process.stdin.resume();
process.stdin.on('close', () => process.exit(0));
