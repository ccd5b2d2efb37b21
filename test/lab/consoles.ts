import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { diskBootMark } from '../../hardware-lab/journey.ts';
import { sleep, waitFor } from '../../hardware-lab/processes.ts';
import type { Rack } from '../../hardware-lab/rack.ts';
import type { Racked, Technician } from '../../hardware-lab/technician.ts';

/** What the tests of the road ask of consoles, beside what they do anyway. */

/** A machine stops dead in its firmware: its run goes on without a sign of life. */
export async function hang(technician: Technician, racked: Racked): Promise<Racked> {
  // So early that a road takes longer: a minute is the least.
  await technician.client.act(
    '/global-configurations/baremetal/look.quietPercent/actions',
    'updateGlobalConfig',
    { value: 1 },
  );
  await technician.client.act(`/baremetal/chassis/${racked.chassisUuid}/actions`, 'provisionBaremetalHost');
  await racked.machine.waitForSerial('Configuring (net0', 60_000);
  await racked.machine.monitor('stop');
  return racked;
}

/** The timeline of a machine that hangs shows what its serial console printed last. */
export async function whatHangs(technician: Technician, racked: Racked): Promise<void> {
  const lines = await waitFor(
    'console lines of the machine that hangs',
    90_000,
    async () => {
      const { entries = [] } = (await technician.timeline(racked)) ?? {};
      const found = entries.filter(({ step }) => step === 'console').map(({ text }) => text);
      return found.length > 0 ? found : undefined;
    },
    500,
  );
  expect(lines.join('\n')).toContain('Configuring (net0');
}

/** Takes a picture of the screen while `installation` goes on; answers the password of that screen. */
export async function showsItsScreen(
  technician: Technician,
  racked: Racked,
  installation: Promise<unknown>,
): Promise<string> {
  const over = installation.then(
    () => true,
    () => true,
  );
  do {
    const password = racked.machine.screenPassword();
    const picture = password === undefined ? undefined : await technician.screenshot(racked);
    if (password !== undefined && picture !== undefined) {
      expect(password).toMatch(/^[!-~]{6,8}$/);
      // A text screen of BIOS machines, the card's own size on UEFI ones.
      expect([picture.width, picture.height]).toEqual(
        racked.machine.firmware === 'bios' ? [720, 400] : [800, 600],
      );
      // Nothing but black would take a few hundred bytes.
      expect(picture.png.length).toBeGreaterThan(2000);
      return password;
    }
  } while (!(await Promise.race([over, sleep(100).then(() => false)])));
  throw new Error('the installation went by without a picture of its screen');
}

interface Mark {
  readonly offset: number;
  readonly kind: string;
}

/** The marks of a record, from the files beside its output. */
function marksOf(rack: Rack, { chassisUuid }: Racked): readonly Mark[] {
  const folder = join(rack.rackwright.dataDirectory, 'consoles', 'chassis', chassisUuid);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { readonly o: number; readonly k?: string })
    .flatMap(({ o, k }) => (k === undefined ? [] : [{ offset: o, kind: k }]));
}

/**
 * The record has both runs from firmware to end, and goes on after them; of the installation and what follows not a character is missing
 * or doubled. Answers what firmware and system printed in the installation before its kickstart.
 */
export async function expectWholeRecord(rack: Rack, racked: Racked): Promise<{ readonly firmware: string }> {
  const marks = marksOf(rack, racked);
  expect(marks.map(({ kind }) => kind)).toEqual(['run-begin', 'attached', 'run-end', 'run-begin', 'run-end']);
  const [inspection, , , begin, end] = marks.map(({ offset }) => offset);
  if (begin === undefined || end === undefined) throw new Error('no marks');
  const { technician } = rack;
  const read = async (from?: number): Promise<string> =>
    Buffer.from(await technician.consoleLog(racked, from)).toString('latin1');
  const inspected = (await read(inspection)).slice(0, begin);
  const has = (text: string, part: string): void =>
    expect(text.includes(part), `${part} in what the record has`).toBe(true);
  has(inspected, 'Linux version');
  has(inspected, 'rackwright: ');

  const after = await read(begin);
  const installed = after.slice(0, end - begin);
  has(installed, 'Linux version');
  has(installed, 'RACKWRIGHT-LAB DISK WRITTEN');
  has(await read(end), 'RACKWRIGHT-LAB INSTALLED');
  has(await read(end), diskBootMark);
  const serial = await racked.machine.serial();
  expect(serial.endsWith(after), 'characters are missing in the record').toBe(true);
  return { firmware: installed.slice(0, installed.indexOf('Linux version')) };
}
