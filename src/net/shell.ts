import type { Duplex } from 'node:stream';

/** How one command ended. Output is UTF-8 (bytes that are none are replaced) and never more than the command's `maxBytes`. */
export interface CommandResult {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Output beyond `maxBytes` was thrown away. */
  readonly truncated: boolean;
}

/** Limits of one command. */
export interface CommandOptions {
  /** What it reads from its standard input; nothing by default. */
  readonly input?: string;
  /** Default 30 s. A command that takes longer is ended, and `run` rejects with NetError `timeout`. */
  readonly timeoutMs?: number;
  /** Of stdout and of stderr each; default 1 MiB. */
  readonly maxBytes?: number;
}

/** A command that goes on until somebody ends it. */
export interface Following {
  /** Ends the command; may be called twice. */
  close(): void;
}

/** Where a byte stream goes, seen from the host. */
export type StreamTarget = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/**
 * A machine on which commands run as root: over one SSH connection, or this machine itself. `argv` is given to the program as it is,
 * never to a shell. Everything rejects with NetError: `closed` when the connection is lost, `timeout`, `refused`.
 */
export interface HostShell {
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts a command and tells its standard output line by line (a line longer than 64 KiB is cut); `ended` is called once. */
  follow(
    argv: readonly string[],
    receive: { readonly line: (text: string) => void; readonly ended: (why: string) => void },
  ): Promise<Following>;
  /** Opens a byte stream to a TCP port or a unix socket of the host. */
  connect(target: StreamTarget): Promise<Duplex>;
  /** Resolves once, with a text for people, when nothing can be run any more; also after `close`. */
  readonly closed: Promise<string>;
  /** Ends the connection; may be called twice. */
  close(): Promise<void>;
}

/** How to log in. The key of the host is checked before anything secret is sent. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** A password, or a private key in OpenSSH's or PEM form. */
  readonly credential:
    | { readonly kind: 'password'; readonly password: string }
    | { readonly kind: 'key'; readonly privateKey: string };
  /** `SHA256:...` as ssh-keygen prints it; undefined accepts any key (first use). */
  readonly hostKey: string | undefined;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Calls the login off, and ends the connection that it made. */
  readonly signal?: AbortSignal;
}

/** A shell with the fingerprint of the key that the host showed. */
export interface SshShell extends HostShell {
  readonly hostKey: string;
}

/**
 * Logs in; the one real adapter is `net/ssh.ts`. Rejects with NetError `unreachable`, `timeout`, `login-refused`,
 * `host-key-mismatch` (data.seen is the fingerprint that the host showed) or `not-root` (neither root nor sudo without a password).
 */
export type OpenSsh = (target: SshTarget) => Promise<SshShell>;

/** A shell of the machine that this process runs on; the one real adapter is `net/local-shell.ts`. */
export type OpenLocalShell = () => Promise<HostShell>;
