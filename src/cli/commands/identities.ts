import type { Answer } from '../client.ts';
import { digestPassword } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import {
  callWithProgress,
  findOne,
  inventoryOf,
  refuseWords,
  textOf,
  textOption,
  wordAt,
} from '../command.ts';
import { readNewPassword } from '../io.ts';
import { renderFields } from '../output.ts';
import { deleteCommand, type Kind, listCommand } from './resource.ts';

const passwordFrom = 'the password comes from RACKWRIGHT_NEW_PASSWORD, a prompt or standard input';

/** What differs between accounts and the users of one. */
interface Identity extends Kind {
  readonly columns: readonly string[];
  /** Option of `create` that has its rights, also the name of the parameter. */
  readonly rights: 'type' | 'kind';
  readonly createUsage: string;
  readonly createAbout: string;
  readonly listAbout: string;
  readonly deleteAbout: string;
  readonly passwordAbout: string;
  readonly changePath: string;
  readonly changeKey: string;
}

/** The digest of a new password: the clear one stays on this machine. */
async function newDigest({ io }: CommandContext, name: string): Promise<string> {
  return digestPassword(await readNewPassword(io, 'RACKWRIGHT_NEW_PASSWORD', `New password of ${name}: `));
}

function createCommand(identity: Identity): Command {
  const { noun, path, rights } = identity;
  return {
    name: `${noun} create`,
    usage: identity.createUsage,
    about: identity.createAbout,
    options: { [rights]: { type: 'string' }, description: { type: 'string' } },
    async run(context) {
      const name = wordAt(context, 0, `the name of the ${noun}`);
      refuseWords(context, 1);
      const params = {
        name,
        description: textOption(context, 'description'),
        [rights]: textOption(context, rights),
        password: await newDigest(context, name),
      };
      const answer = await callWithProgress(context, `${noun} create`, 'POST', path, { params });
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  };
}

function passwordCommand({ noun, path, changePath, changeKey, passwordAbout }: Identity): Command {
  return {
    name: `${noun} password`,
    usage: `${noun} password [<${noun}>]`,
    about: passwordAbout,
    async run(context) {
      refuseWords(context, 1);
      const [wanted] = context.words;
      const uuid =
        wanted === undefined ? undefined : textOf(await findOne(context.client, path, noun, wanted), 'uuid');
      const change = { uuid, password: await newDigest(context, wanted ?? `this ${noun}`) };
      const what = `${noun} password`;
      const answer: Answer = await callWithProgress(context, what, 'PUT', changePath, {
        [changeKey]: change,
      });
      context.show(answer, () => 'password changed; other sessions with the old one have ended');
    },
  };
}

function identityCommands(identity: Identity): readonly Command[] {
  return [
    listCommand(identity, identity.listAbout, identity.columns),
    createCommand(identity),
    deleteCommand(identity, identity.deleteAbout),
    passwordCommand(identity),
  ];
}

const account: Identity = {
  noun: 'account',
  one: 'an account',
  path: '/accounts',
  columns: ['name', 'uuid', 'type', 'description'],
  rights: 'type',
  createUsage: 'account create NAME [--type Normal|SystemAdmin] [--description TEXT]',
  createAbout: `make an account, Normal unless told otherwise; ${passwordFrom}`,
  listAbout: 'accounts that you may see',
  deleteAbout: 'delete an account with its users and sessions',
  passwordAbout: `change the password of an account, or of your own; ${passwordFrom}`,
  changePath: '/accounts',
  changeKey: 'updateAccount',
};

const user: Identity = {
  noun: 'user',
  one: 'a user',
  path: '/accounts/users',
  columns: ['name', 'uuid', 'kind', 'accountUuid', 'description'],
  rights: 'kind',
  createUsage: 'user create NAME [--kind Normal|Auditor] [--description TEXT]',
  createAbout: `make a user of your account, who logs in by login --account --user; an Auditor may only read; ${passwordFrom}`,
  listAbout: 'users that you may see',
  deleteAbout: 'delete a user and end its sessions',
  passwordAbout: `change the password of a user, or, logged in as a user, your own; ${passwordFrom}`,
  changePath: '/accounts/users/actions',
  changeKey: 'updateUser',
};

/** Accounts and users. */
export const allIdentityCommands: readonly Command[] = [
  ...identityCommands(account),
  ...identityCommands(user),
];
