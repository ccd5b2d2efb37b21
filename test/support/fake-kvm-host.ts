import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, Server as TcpServer, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { generateSshKey } from '../../src/net/ssh-key.ts';
import { innerCommand, splitLine } from './fake-kvm-host-line.ts';

/** One command that a fake host was given. */
export interface FakeCommand {
  /** Without sudo and what the SSH adapter wraps around it. */
  readonly argv: readonly string[];
  /** As it came. */
  readonly line: string;
  /** The whole standard input. */
  input(): Promise<string>;
  /** For handlers that pipe: the channel itself. */
  readonly channel: ServerChannel;
  print(stdout: string, stderr?: string): void;
  exit(code: number): void;
  /** True when the client closed the channel or the connection. */
  readonly isOver: () => boolean;
}

/** What a simple command answers. */
export interface FakeAnswer {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

/** Answers `id -u` as root and everything else by `answer`; undefined leaves the command open (a follower). */
export function answering(
  answer: (
    argv: readonly string[],
    input: string,
  ) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>,
): (command: FakeCommand) => Promise<void> {
  return async (command) => {
    const isId = command.argv.join(' ') === 'id -u';
    // A follower keeps its input open: it has none.
    const isFollower = command.line.includes('lifeline');
    const input = isFollower ? '' : await command.input();
    const said = isId ? { stdout: '0\n' } : await answer(command.argv, input);
    if (said === undefined) return;
    command.print(said.stdout ?? '', said.stderr);
    command.exit(said.exitCode ?? 0);
  };
}

/** How a fake host behaves; members may be changed while it runs. */
export interface FakeBehaviour {
  run: (command: FakeCommand) => void | Promise<void>;
  username: string;
  password: string;
  /** Accepted keys, as lines for authorized_keys. */
  authorizedKeys: string[];
  methods: ('password' | 'publickey' | 'keyboard-interactive')[];
  refuseLogins: boolean;
  /** Takes connections and says nothing. */
  stall: boolean;
  /** Sessions at once; more are refused, as sshd does with MaxSessions. */
  maxSessions: number;
  /** Byte streams; undefined refuses them. */
  forward: ((to: { host: string; port: number } | { socketPath: string }) => Socket) | undefined;
}

/** An SSH server on loopback that plays a KVM host. */
export interface FakeKvmHost {
  readonly host: string;
  readonly port: number;
  readonly behaviour: FakeBehaviour;
  /** `SHA256:...` of the key that it shows now. */
  hostKey(): string;
  /** Connections so far and now; sessions so far, now and most at once; commands without what is wrapped around them. */
  readonly counts: {
    connections: number;
    open: number;
    logins: number;
    sessions: number;
    openSessions: number;
    mostSessions: number;
  };
  readonly commands: (readonly string[])[];
  /** Passwords that clients sent. */
  readonly passwords: string[];
  /** Cuts all connections, as a power loss does. */
  drop(): void;
  /** Shows another key to later connections. */
  changeHostKey(): void;
  /** Does not listen, as a machine that is off; `listen` comes back at the same port. */
  stopListening(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a fake host on a free port of loopback; user root, password `secret`. */
export async function startFakeKvmHost(
  changes: Partial<FakeBehaviour> = {},
  address = '127.0.0.1',
): Promise<FakeKvmHost> {
  const behaviour: FakeBehaviour = {
    run: answering(() => ({})),
    username: 'root',
    password: 'secret',
    authorizedKeys: [],
    methods: ['password', 'publickey'],
    refuseLogins: false,
    stall: false,
    maxSessions: 10,
    forward: (to) => ('socketPath' in to ? connectTcp(to.socketPath) : connectTcp(to.port, to.host)),
    ...changes,
  };
  const counts = { connections: 0, open: 0, logins: 0, sessions: 0, openSessions: 0, mostSessions: 0 };
  const commands: (readonly string[])[] = [];
  const passwords: string[] = [];
  const sockets = new Set<Socket>();
  let key = newKey();
  let port = 0;
  let server = await listenOn(0);

  async function listenOn(wished: number): Promise<ReturnType<typeof makeServer>> {
    const made = makeServer();
    made.listener.listen(wished, address);
    await once(made.listener, 'listening');
    port = (made.listener.address() as AddressInfo).port;
    return made;
  }

  function makeServer() {
    const ssh = new ssh2.Server({ hostKeys: [key.private] }, serve);
    const listener = new TcpServer((socket) => {
      counts.connections++;
      counts.open++;
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        counts.open--;
        sockets.delete(socket);
      });
      if (!behaviour.stall) ssh.injectSocket(socket);
    });
    return { ssh, listener };
  }

  function serve(connection: Connection): void {
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => {
      const refuse = (): void => context.reject(behaviour.methods);
      if (behaviour.refuseLogins || context.username !== behaviour.username) {
        if (context.method === 'password') passwords.push(context.password);
        return refuse();
      }
      if (context.method === 'none' || !behaviour.methods.includes(context.method as never)) return refuse();
      if (context.method === 'password') {
        passwords.push(context.password);
        return context.password === behaviour.password ? context.accept() : refuse();
      }
      if (context.method === 'keyboard-interactive') {
        return context.prompt([{ prompt: 'Password: ', echo: false }], (answers) =>
          answers[0] === behaviour.password ? context.accept() : refuse(),
        );
      }
      if (context.method !== 'publickey') return refuse();
      const { algo, data } = context.key;
      const isKnown = behaviour.authorizedKeys.some((line) => line.split(' ')[1] === data.toString('base64'));
      if (!isKnown) return refuse();
      const parsed = ssh2.utils.parseKey(`${algo} ${data.toString('base64')}`);
      const { signature, blob } = context;
      if (parsed instanceof Error) return refuse();
      if (signature && !(blob && parsed.verify(blob, signature, context.hashAlgo))) return refuse();
      return context.accept();
    });
    connection.on('ready', () => {
      counts.logins++;
    });
    connection.on('session', (accept, reject) => {
      if (counts.openSessions >= behaviour.maxSessions) return reject();
      counts.sessions++;
      counts.openSessions++;
      counts.mostSessions = Math.max(counts.mostSessions, counts.openSessions);
      const session = accept();
      session.on('close', () => counts.openSessions--);
      session.on('error', () => undefined);
      session.on('exec', (acceptExec, _reject, info) => runCommand(acceptExec(), info.command));
    });
    connection.on('tcpip', (accept, reject, info) =>
      pipe({ host: info.destIP, port: info.destPort }, accept, reject),
    );
    connection.on('openssh.streamlocal', (accept, reject, info) =>
      pipe({ socketPath: info.socketPath }, accept, reject),
    );
  }

  function pipe(
    to: { host: string; port: number } | { socketPath: string },
    accept: () => ServerChannel,
    reject: () => void,
  ): void {
    if (behaviour.forward === undefined) return reject();
    const socket = behaviour.forward(to);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      const channel = accept();
      channel.on('error', () => undefined);
      socket.on('error', () => undefined);
      // An ordinary end goes through the pipe, behind what still waits for the client's window.
      socket.on('close', (isBroken) => isBroken && channel.close());
      channel.on('close', () => socket.destroy());
      channel.pipe(socket).pipe(channel);
    });
  }

  function runCommand(channel: ServerChannel, line: string): void {
    let isOver = false;
    channel.on('close', () => void (isOver = true));
    channel.on('error', () => undefined);
    // Read from the start: a channel whose input nobody reads never tells that it was closed.
    const chunks: Buffer[] = [];
    channel.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(channel, 'end');
    const argv = innerCommand(splitLine(line));
    commands.push(argv);
    void behaviour.run({
      argv,
      line,
      channel,
      async input() {
        await ended;
        return Buffer.concat(chunks).toString();
      },
      print(stdout, stderr = '') {
        if (isOver) return;
        channel.write(stdout);
        if (stderr !== '') channel.stderr.write(stderr);
      },
      exit(code) {
        if (isOver) return;
        channel.exit(code);
        channel.end();
      },
      isOver: () => isOver,
    });
  }

  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const stopListening = async (): Promise<void> => {
    const { listener } = server;
    const closed = new Promise<void>((resolve) => void listener.close(() => resolve()));
    drop();
    await closed;
  };

  return {
    host: address,
    get port() {
      return port;
    },
    behaviour,
    hostKey: () => key.fingerprint,
    counts,
    commands,
    passwords,
    drop,
    changeHostKey() {
      key = newKey();
      const next = new ssh2.Server({ hostKeys: [key.private] }, serve);
      server.ssh.injectSocket = next.injectSocket.bind(next);
    },
    stopListening,
    async listen() {
      server = await listenOn(port);
    },
    close: stopListening,
  };
}

function newKey(): { readonly private: string; readonly fingerprint: string } {
  const pair = generateSshKey('fake host');
  const blob = Buffer.from(pair.publicKey.split(' ')[1] ?? '', 'base64');
  const digest = createHash('sha256').update(blob).digest('base64').replaceAll('=', '');
  return { private: pair.privateKey, fingerprint: `SHA256:${digest}` };
}
