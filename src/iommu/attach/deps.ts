import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { Host, HostConnections, Notify, VmInstance, VmService } from '../../kvm/index.ts';
import type { HostNeeds } from '../model.ts';
import type { IommuStore } from '../ports.ts';

/** What this room asks of the VMs' storage. */
export interface VmReader {
  getHost(uuid: string): Promise<Host | undefined>;
  getVm(uuid: string): Promise<VmInstance | undefined>;
  /** Those that run on the host or whose definition lies there. */
  listVmsOf(hostUuid: Uuid): Promise<readonly VmInstance[]>;
}

/** What giving and taking devices needs. */
export interface IommuDeps {
  readonly store: IommuStore;
  readonly vms: Pick<VmService, 'exclusive'>;
  readonly vmStore: VmReader;
  readonly connections: HostConnections;
  readonly notify: Notify;
  readonly libvirtUri: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly work: HostWork;
}

/** What is under way on hosts and what the last looks showed; in memory, because a new process looks anew. */
export interface HostWork {
  /** Runs work while nothing else moves devices of the host. */
  readonly turn: <T>(hostUuid: Uuid, work: () => Promise<T>) => Promise<T>;
  /** Runs work while nobody else reads and writes the rows of the host's devices; never around a look. */
  readonly rows: <T>(hostUuid: Uuid, work: () => Promise<T>) => Promise<T>;
  /** Hosts whose devices are being moved now: looks tell what is there and leave intents alone. */
  readonly busy: Set<Uuid>;
  /** When devices of a host were last moved: an older look tells of a time before. */
  readonly movedAt: Map<Uuid, number>;
  /** Hosts whose libvirt answered at the last look: without it the rows of VMs are of an earlier time. */
  readonly answering: Set<Uuid>;
  /** What each host needed at its last look. */
  readonly needs: Map<Uuid, HostNeeds>;
}

/** Nothing under way, nothing seen. */
export function createHostWork(): HostWork {
  return {
    turn: createTurns(),
    rows: createTurns(),
    busy: new Set(),
    movedAt: new Map(),
    answering: new Set(),
    needs: new Map(),
  };
}

/** Texts of progress. */
export type Report = (text: string) => void;
