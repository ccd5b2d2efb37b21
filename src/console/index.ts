export type { ConsoleErrorCode } from './errors.ts';
export { ConsoleError } from './errors.ts';
export type {
  ConsoleCaller,
  ConsoleService,
  OpenedConsole,
  OpenedScreen,
  ViewerAction,
  ViewerChannel,
} from './service.ts';
