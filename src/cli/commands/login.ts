import { dropSession, saveSession } from '../session-file.ts';
import { readPassword } from '../io.ts';
import type { Command } from '../command.ts';
import { textOption, textOf } from '../command.ts';
import { plain } from '../output.ts';

export const loginCommands: readonly Command[] = [
  {
    name: 'login',
    usage: 'login [--account NAME] [--user NAME]',
    about:
      'log in as an account (default: admin) or a user of it; the password comes from RACKWRIGHT_PASSWORD, a prompt or standard input',
    options: { account: { type: 'string' }, user: { type: 'string' } },
    async run(context) {
      const { client, io, show } = context;
      const account = textOption(context, 'account') ?? 'admin';
      const user = textOption(context, 'user');
      const password = await readPassword(io, 'RACKWRIGHT_PASSWORD', `Password of ${user ?? account}: `);
      const inventory = await client.login(account, password, user);
      const path = await saveSession(io, { url: client.url, session: textOf(inventory, 'uuid') });
      const { expiredDate } = inventory;
      // The session's uuid is as good as the password; it stays in the file.
      show(
        { account, user, url: client.url, expiredDate, path },
        () => `logged in to ${client.url} until ${plain(expiredDate)}`,
      );
    },
  },
  {
    name: 'logout',
    usage: 'logout',
    about: 'end the session',
    async run({ client, io, show }) {
      await client.logout();
      await dropSession(io);
      show({}, () => 'logged out');
    },
  },
];
