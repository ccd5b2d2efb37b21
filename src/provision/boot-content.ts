import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { type HostNetwork, renderKickstart } from '../hostcfg/index.ts';
import { artefacts, bootUrl, renderBootScript, renderExitScript } from '../pxe/index.ts';
import type { BootContent, BootResource } from '../pxe/ports.ts';
import type { Fleet } from './fleet.ts';
import { createRunSources } from './images/run-source.ts';
import type { InstallImages } from './images/service.ts';
import { hardwareInfoRows, macsOf, parseInspection, summaryOf, systemUuidOf } from './inspection.ts';
import type { Run } from './model.ts';
import { duplicateMachine, secondReader } from './notices.ts';
import type { NetbootServices, Notify, ProvisionStore } from './ports.ts';
import type { RunBook } from './run/book.ts';
import type { RunEvent } from './run/events.ts';
import { mayBoot } from './run/transitions.ts';
import { sha512Crypt } from './sha512-crypt.ts';
import { vncPasswordOf } from './vnc-password.ts';

/** What the names of files of an install source begin with. */
const sourcePrefix = 'source/';

/** A kernel, its initrd and what goes on its command line. */
export interface BootImage {
  readonly kernel: string;
  readonly initrd: string;
  readonly kernelArguments: readonly string[];
}

/** What machines are booted into, where no image is chosen. */
export interface BootImages {
  readonly inspector: BootImage;
  readonly installer: (BootImage & { readonly url: string | undefined }) | undefined;
}

/** What the boot HTTP listener serves: everything hangs on a run's tokens and on the address that the run's machine leased. */
export function createBootContent(deps: {
  readonly fleet: Fleet;
  readonly book: RunBook;
  readonly store: ProvisionStore;
  readonly netboot: NetbootServices;
  readonly images: BootImages;
  readonly installImages: Pick<InstallImages, 'ready' | 'content'>;
  /** Uuid of the image that was chosen for a run. */
  readonly imageOfRun: (run: Run) => Promise<string | undefined>;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): BootContent {
  const { book } = deps;
  const sourceOf = createRunSources(deps);

  const refused = (status: 403 | 404 | 410, reason: string): BootResource => ({
    kind: 'refused',
    status,
    reason,
  });
  const gone = refused(404, 'no such boot: the run has ended, or the URL is wrong');
  const tell = (runUuid: Run['uuid'], event: RunEvent): void => {
    book.apply(runUuid, event).catch(() => undefined);
  };

  /** The run of a token, as it is after every packet seen so far. */
  async function runOf(token: string): Promise<Run | undefined> {
    const run = book.byToken(token);
    if (!run) return undefined;
    await book.settled(run.uuid);
    return book.get(run.uuid);
  }

  async function script(run: Run, base: string): Promise<BootResource> {
    const text = (body: string): BootResource => ({
      kind: 'text',
      body,
      contentType: 'text/plain; charset=utf-8',
    });
    if (!mayBoot(run)) {
      tell(run.uuid, {
        type: 'refused',
        reason: 'asked for a boot again after the work began; sent to its disk',
      });
      return text(renderExitScript('this run has begun already'));
    }
    const source = await sourceOf(run);
    if ('refusal' in source) return refused(404, source.refusal);
    const own =
      run.kind === 'inspect'
        ? [`rackwright.report=${bootUrl(base, run.reportToken, artefacts.inspection)}`]
        : [`inst.ks=${bootUrl(base, run.kickstartToken, artefacts.kickstart)}`, 'ip=dhcp'];
    tell(run.uuid, { type: 'script-read' });
    return text(
      renderBootScript({
        kernelUrl: bootUrl(base, run.bootToken, artefacts.kernel),
        initrdUrl: bootUrl(base, run.bootToken, artefacts.initrd),
        kernelArguments: [...source.kernelArguments, ...own],
        bootNote: `${run.kind} of ${deps.fleet.get(run.chassisUuid)?.name ?? run.chassisUuid}`,
      }),
    );
  }

  async function kickstart(run: Run, base: string, client: Ipv4): Promise<BootResource> {
    const refuse = (status: 403 | 410, reason: string): BootResource => {
      tell(run.uuid, { type: 'kickstart-refused', reader: client, reason });
      const chassis = deps.fleet.get(run.chassisUuid);
      if (chassis) deps.notify(secondReader(chassis, client, reason));
      deps.log.warn(
        { run: run.uuid, chassis: run.chassisUuid, client, reason },
        'a read of a kickstart was refused',
      );
      return refused(status, reason);
    };
    if (run.kind !== 'install') return gone;
    if (run.address !== client) return refuse(403, 'this kickstart belongs to another machine');
    if (run.kickstartConsumed) return refuse(410, 'this kickstart was read already; it is given out once');
    const cfg = await deps.store.getHostCfgOfChassis(run.chassisUuid);
    if (!cfg) return refuse(410, 'the hostcfg was deleted');
    const source = await sourceOf(run);
    if ('refusal' in source) return refuse(410, source.refusal);
    const body = renderKickstart({
      hostname: undefined,
      rootPasswordCrypt:
        cfg.password === undefined ? undefined : sha512Crypt(cfg.password, cryptSalt(deps.random)),
      vnc: cfg.vnc,
      vncPassword: cfg.vnc ? vncPasswordOf(run) : undefined,
      unattended: cfg.unattended,
      network: cfg.network,
      installUrl: source.installUrl(base),
      beginUrl: bootUrl(base, run.reportToken, artefacts.begin),
      endUrl: bootUrl(base, run.reportToken, artefacts.end),
      failedUrl: bootUrl(base, run.reportToken, artefacts.failed),
    });
    tell(run.uuid, { type: 'kickstart-read', bytes: Buffer.byteLength(body) });
    return {
      kind: 'text',
      body,
      contentType: 'text/plain; charset=utf-8',
      delivered: () => tell(run.uuid, { type: 'kickstart-delivered' }),
      broken: () => tell(run.uuid, { type: 'kickstart-broken' }),
    };
  }

  type Answer = Awaited<ReturnType<BootContent['post']>>;
  const answer = (status: Answer['status'], text: string): Answer => ({ status, text: `${text}\n` });

  async function inspected(run: Run, body: Uint8Array): Promise<Answer> {
    if (run.kind !== 'inspect') return answer(409, 'this run is no inspection');
    if (run.stage === 'finishing') return answer(200, 'thank you, again');
    const parsed = parseInspection(body);
    if (!parsed.ok) return answer(400, parsed.reason);
    const chassis = deps.fleet.get(run.chassisUuid);
    if (!chassis) return answer(410, 'the chassis was deleted');
    const now = deps.clock.now();
    const { report } = parsed;
    const macs = macsOf(report);
    const owner = deps.fleet
      .all()
      .find((one) => one.uuid !== chassis.uuid && one.macs.some((mac) => macs.includes(mac)));
    if (owner) {
      const mac = macs.find((one) => owner.macs.includes(one));
      deps.notify(duplicateMachine(chassis, owner, mac ?? 'unknown'));
      const reason = `its NIC ${mac} belongs to chassis "${owner.name}": one server entered twice, or a NIC that moved; delete the chassis that is wrong`;
      await book.apply(run.uuid, { type: 'reported-failure', reason });
      return answer(409, reason);
    }
    const uuid = systemUuidOf(report);
    if (uuid !== undefined && chassis.systemUuids.length > 0 && !chassis.systemUuids.includes(uuid)) {
      tell(run.uuid, {
        type: 'note',
        text: `the machine's SMBIOS UUID ${uuid} is not the System GUID of its BMC`,
      });
    }
    await book.apply(
      run.uuid,
      { type: 'inspected', summary: summaryOf(report), bytes: body.length },
      {
        rows: hardwareInfoRows(report, chassis.uuid, now, deps.random),
        chassis: {
          macs,
          bootMode: report.firmware === 'uefi' ? 'uefi' : 'legacy',
        },
      },
    );
    return answer(200, 'thank you');
  }

  async function post(run: Run, artefact: string, body: Uint8Array): Promise<Answer> {
    const note = new TextDecoder()
      .decode(body.subarray(0, 2000))
      .replaceAll(/[^\x20-\x7e]+/g, ' ')
      .trim();
    switch (artefact) {
      case artefacts.inspection:
        return inspected(run, body);
      case artefacts.begin:
        if (run.kind === 'install' && run.evidence.kickstartReads === 0)
          return answer(409, 'the kickstart was not read yet');
        await book.apply(run.uuid, { type: 'begin' });
        return answer(200, 'go on');
      case artefacts.end:
        if (run.kind !== 'install' || run.stage !== 'working') return answer(409, 'nothing was begun');
        await book.apply(run.uuid, { type: 'installed' });
        return answer(200, 'done');
      case artefacts.progress:
        await book.apply(run.uuid, { type: 'note', text: note.slice(0, 500) });
        return answer(200, 'noted');
      case artefacts.failed:
        await book.apply(run.uuid, {
          type: 'reported-failure',
          reason: note.slice(0, 500) || 'no reason given',
        });
        return answer(200, 'noted');
      default:
        return answer(404, 'no such report');
    }
  }

  /** The leaseholder, or the machine under an address that its own plan gives it: an installer may switch over before its end. */
  async function mayReport(run: Run, client: Ipv4): Promise<boolean> {
    if (run.address === client) return true;
    if (run.kind !== 'install' || run.stage !== 'working') return false;
    const cfg = await deps.store.getHostCfgOfChassis(run.chassisUuid);
    return cfg !== undefined && addressesOf(cfg.network).includes(client);
  }

  /** Files of the install source: until the run ends, also under the address that the installer gave itself. */
  async function sourceFile(run: Run, path: string): Promise<BootResource> {
    const source = await sourceOf(run);
    return 'refusal' in source ? refused(404, source.refusal) : source.file(path);
  }

  return {
    async get({ token, artefact, client }) {
      const run = await runOf(token);
      const base = run && deps.netboot.bootUrl(run.pxeServerUuid);
      if (!run || base === undefined) return gone;
      if (token === run.kickstartToken) {
        return artefact === artefacts.kickstart ? kickstart(run, base, client) : gone;
      }
      if (token !== run.bootToken) return gone;
      const ofSource = artefact.startsWith(sourcePrefix);
      if (ofSource ? !(await mayReport(run, client)) : run.address !== client) {
        tell(run.uuid, {
          type: 'refused',
          reason: `${client} asked for ${artefact} of this run but does not hold its lease`,
        });
        return refused(403, 'this boot belongs to another machine');
      }
      if (artefact === artefacts.script) return script(run, base);
      if (ofSource) return sourceFile(run, artefact.slice(sourcePrefix.length));
      if (artefact !== artefacts.kernel && artefact !== artefacts.initrd) return gone;
      const source = await sourceOf(run);
      if ('refusal' in source) return refused(404, source.refusal);
      return artefact === artefacts.kernel ? source.kernel() : source.initrd();
    },
    async post({ token, artefact, client, body }) {
      const run = await runOf(token);
      if (!run || token !== run.reportToken)
        return answer(404, 'no such run: it has ended, or the URL is wrong');
      try {
        if (!(await mayReport(run, client))) return answer(403, 'this run belongs to another machine');
        return await post(run, artefact, body);
      } catch (error) {
        deps.log.error(
          { run: run.uuid, artefact, reason: messageOf(error) },
          'a report could not be recorded',
        );
        return answer(503, 'could not be recorded now, try again');
      }
    },
  };
}

/** All addresses that a host will have. */
function addressesOf(network: HostNetwork): readonly Ipv4[] {
  return [...network.nics, ...network.bondings, ...network.vlans].flatMap(({ ip }) => ip ?? []);
}

/** A salt of 16 characters of crypt's alphabet. */
function cryptSalt(random: RandomBytes): string {
  const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return Array.from(random(16), (byte) => alphabet.charAt(byte & 63)).join('');
}
