import type { AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import type { SshTarget } from './shell.ts';

/** One login: which methods are tried in which order, and why it was refused. */
export interface LoginAttempt {
  readonly handler: AuthHandlerMiddleware;
  /** For people; undefined while nothing was refused. */
  refusal(): string | undefined;
}

/**
 * The order of a login: `none` to hear what the host takes (which counts nowhere as a failed try), then the one method that fits the
 * credential. A refused password is never sent again by a second method: that would count twice towards a lock-out. RFC 4252 §5.2
 */
export function planLogin(target: SshTarget): LoginAttempt {
  const { username, credential } = target;
  let refusal: string | undefined;
  let tried: AuthenticationType | undefined;

  const handler: AuthHandlerMiddleware = (left, partial, next) => {
    const give = next as (method: object | false) => void;
    const refuse = (text: string): void => {
      refusal = text;
      give(false);
    };
    if (left === null || left === undefined) return give({ type: 'none', username });
    if (tried !== undefined) {
      return refuse(
        partial
          ? 'it asks for a second factor after the first; give this account a login by key or password alone'
          : credential.kind === 'key'
            ? `it does not accept the key for ${username}; add the public key to that account's authorized_keys`
            : `wrong user name or password for ${username}, or sshd does not let that user in by password`,
      );
    }
    const offered = left as readonly string[];
    if (credential.kind === 'key') {
      if (!offered.includes('publickey')) return refuse(`it takes no keys (only ${offered.join(', ')})`);
      tried = 'publickey';
      return give({ type: tried, username, key: credential.privateKey });
    }
    const { password } = credential;
    if (offered.includes('password')) {
      tried = 'password';
      return give({ type: tried, username, password });
    }
    if (!offered.includes('keyboard-interactive')) {
      return refuse(
        `it takes no passwords (only ${offered.join(', ')}); leave the password empty to log in by Rackwright's key, ` +
          'or allow PasswordAuthentication (for root PermitRootLogin yes) in its sshd_config',
      );
    }
    tried = 'keyboard-interactive';
    let asked = false;
    return give({
      type: tried,
      username,
      // The password answers one hidden question, once; anything else that is asked gets an empty answer.
      prompt: (
        _name: string,
        _instructions: string,
        _language: string,
        prompts: readonly { readonly echo?: boolean }[],
        finish: (answers: string[]) => void,
      ) => {
        const fits = !asked && prompts.length === 1 && prompts[0]?.echo !== true;
        asked = true;
        finish(prompts.map(() => (fits ? password : '')));
      },
    });
  };
  return { handler, refusal: () => refusal };
}
