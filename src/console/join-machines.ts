import type { ConsoleSubject, Machines } from './ports.ts';

/** One `Machines` of those for chassis and those for VMs. Timelines are of chassis: VMs have no runs. */
export function joinMachines(sides: Readonly<Record<ConsoleSubject['kind'], Machines>>): Machines {
  const of = ({ kind }: ConsoleSubject): Machines => sides[kind];
  return {
    subject: (kind, uuid) => sides[kind].subject(kind, uuid),
    view: (subject) => of(subject).view(subject),
    timeline: (runUuid) => sides.chassis.timeline(runUuid),
    picture: async (subject, name) => of(subject).picture?.(subject, name),
    hasSerial: (subject) => of(subject).hasSerial(subject),
    openSerial: (subject, options, receive) => of(subject).openSerial(subject, options, receive),
    hasScreen: (subject) => of(subject).hasScreen(subject),
    openScreen: (subject) => of(subject).openScreen(subject),
    power: (subject, action) => of(subject).power(subject, action),
    watch(changed) {
      const stops = Object.values(sides).map((side) => side.watch(changed));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
