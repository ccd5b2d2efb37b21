import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Following, HostShell } from '../../net/shell.ts';
import { pauseMs } from './step.ts';

/** A command on a host whose lines tell of changes. */
export interface Watcher {
  readonly name: string;
  readonly argv: readonly string[];
  readonly isRelevant: (line: string) => boolean;
}

/** Programs keep what they print into a pipe until it is 4 KiB; stdbuf, where there is one, makes them tell line by line. */
const lineByLine = 'command -v stdbuf >/dev/null 2>&1 && exec stdbuf -oL "$@"; exec "$@"';

/** Events of domains that change nothing that we keep. */
const noise = /^event '(?:rtc-change|balloon-change|block-threshold|migration-iteration|job-completed)' /;

/** The two watchers of a host: libvirt's domains, and USB and PCI devices coming and going. */
export function watchersFor(libvirtUri: string): readonly Watcher[] {
  const virsh = ['env', 'LC_ALL=C', 'virsh', '-c', libvirtUri, 'event', '--all', '--loop'];
  const udevadm = ['udevadm', 'monitor', '--udev', '--subsystem-match=usb', '--subsystem-match=pci'];
  const follow = (argv: readonly string[]): readonly string[] => ['sh', '-c', lineByLine, 'sh', ...argv];
  return [
    {
      name: 'virsh event',
      argv: follow(virsh),
      isRelevant: (line) => line.startsWith("event '") && !noise.test(line),
    },
    { name: 'udevadm monitor', argv: follow(udevadm), isRelevant: (line) => /^UDEV\s*\[/.test(line) },
  ];
}

/** A watcher that stays this long has really begun; one that stays longer than the second is well. */
const settledMs = { begun: 1500, well: 60_000 };

/** What following needs. */
export interface FollowDeps {
  readonly shell: Pick<HostShell, 'follow'>;
  /** Something changed on the host, or changes may have been missed. */
  readonly changed: () => void;
  /** A watcher does not run; told once until it runs again. */
  readonly missing: (name: string, why: string) => void;
  readonly clock: Clock;
  readonly chance: () => number;
}

/** Keeps a watcher running until it is stopped; a host without its program is only asked again now and then. */
export function keepFollowing(watcher: Watcher, deps: FollowDeps): () => void {
  const { shell, changed, missing, clock, chance } = deps;
  let following: Following | undefined;
  let failures = 0;
  let isStopped = false;
  let cancels: (() => void)[] = [];
  const cancelTimers = (): void => {
    for (const cancel of cancels) cancel();
    cancels = [];
  };

  function again(why: string): void {
    cancelTimers();
    following = undefined;
    if (isStopped) return;
    if (failures === 0) missing(watcher.name, why);
    cancels.push(clock.after(pauseMs(failures, chance()), begin));
    failures++;
  }

  function begin(): void {
    // What happened while nobody listened was missed: libvirtd was restarted, for one.
    if (failures > 0) cancels.push(clock.after(settledMs.begun, changed));
    cancels.push(clock.after(settledMs.well, () => void (failures = 0)));
    let hasEnded = false;
    const ended = (why: string): void => {
      if (hasEnded) return;
      hasEnded = true;
      again(why);
    };
    const line = (text: string): void => {
      if (watcher.isRelevant(text)) changed();
    };
    shell.follow(watcher.argv, { line, ended }).then(
      (started) => {
        if (isStopped) started.close();
        else if (!hasEnded) following = started;
      },
      (error: unknown) => ended(messageOf(error)),
    );
  }

  begin();
  return () => {
    isStopped = true;
    cancelTimers();
    following?.close();
  };
}
