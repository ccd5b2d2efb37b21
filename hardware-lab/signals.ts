import { closeAllRacks } from './rack.ts';

const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** On Ctrl-C, SIGTERM or a lost terminal: takes all racks down, then exits with the shell's code for that signal. */
export function closeOnSignals(say: (text: string) => void): void {
  let leaving = false;
  for (const [signal, code] of Object.entries(codes)) {
    process.on(signal, () => {
      if (leaving) return;
      leaving = true;
      say(`${signal}: taking the rack down`);
      closeAllRacks().then(
        () => process.exit(code),
        (error: unknown) => {
          say(`could not take everything down, the next start will: ${String(error)}`);
          process.exit(code);
        },
      );
    });
  }
}
