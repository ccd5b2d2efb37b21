import { type BmcProfile, type BmcSession, IpmiError } from '../../src/ipmi/index.ts';
import type { BmcAccess, OpenBmcAccess } from '../../src/provision/ports.ts';

/** What is measured at a BMC that is well. */
export const testProfile: BmcProfile = {
  version: 1,
  at: 1_700_000_000_000,
  vendor: 'Supermicro',
  manufacturerId: 10_876,
  productId: 1,
  firmware: '1.05',
  ipmiVersion: '2.0',
  suites: { advertised: [3, 17], working: [3, 17] },
  roundTripMs: 4,
  gapMs: 0,
  sessions: { slots: 4 },
  findings: ['no-password-suite'],
  suggestedQuirks: [],
  powerMs: { on: [], off: [], reset: [] },
  notes: [],
};

/** A BMC of the test's making: what it does on the wire is proven elsewhere, against ipmi_sim. */
export class TestBmc {
  on = false;
  guid = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  calls: string[] = [];
  failWith: IpmiError | undefined;
  keepsEfi = true;

  /** What `run` answers, by the command's name; a command that is not here is refused. */
  answers = new Map<string, unknown>();
  /** Names of the commands that `run` was given. */
  commands: string[] = [];
  /** What a measurement tells. */
  profile: BmcProfile = testProfile;
  /** Key and options of each measurement. */
  measured: Array<readonly [key: string, options: object]> = [];
  /** Failed logins in a row, as the guard would count them. */
  failures = 0;
  released: string[] = [];
  lockedOut: Parameters<OpenBmcAccess>[0] = () => undefined;

  /** The domain's way to this BMC, whatever chassis it asks for. */
  readonly open: OpenBmcAccess = (lockedOut) => {
    this.lockedOut = lockedOut;
    return this.#access;
  };

  readonly #access: BmcAccess = {
    use: async (_key, _target, work) => work(await this.connect()),
    status: () => undefined,
    forget: () => undefined,
    close: async () => undefined,
    release: async (key) => {
      this.released.push(key);
      this.failures = 0;
    },
    lockOut: async () => ({ failures: this.failures, lockedOut: this.failures >= 2 }),
    measure: async (key, _target, options) => {
      this.measured.push([key, options]);
      if (this.failWith) throw this.failWith;
      return this.profile;
    },
    sweep: async () => ({ rows: [], total: 0, complete: true }),
  };

  connect = async (): Promise<BmcSession> => {
    if (this.failWith) throw this.failWith;
    const run: BmcSession['run'] = async (command) => {
      this.commands.push(command.name);
      if (!this.answers.has(command.name)) throw new IpmiError('command-failed', `${command.name} refused`);
      return this.answers.get(command.name) as never;
    };
    const tell = (call: string): void => {
      if (this.failWith) throw this.failWith;
      this.calls.push(call);
    };
    return {
      deviceId: async () => ({
        deviceId: 1,
        firmwareMajor: 1,
        firmwareMinor: '0',
        ipmiVersion: '2.0',
        manufacturerId: 0,
        productId: 0,
      }),
      systemGuid: async () => this.guid,
      chassisStatus: async () => {
        tell('status');
        return { powerOn: this.on, powerFault: false, powerOverload: false, lastPowerEvent: 0 };
      },
      chassisControl: async (action) => {
        tell(action);
        this.on = action !== 'power-down' && action !== 'soft-shutdown';
      },
      setBootDevice: async (wish) => {
        const until = wish.keepUntilBoot === true ? ' until boot' : '';
        tell(
          `boot ${wish.device} ${wish.efi ? 'efi' : 'legacy'} ${wish.persistent ? 'always' : 'once'}${until}`,
        );
        return {
          device: wish.device,
          efi: wish.efi && this.keepsEfi,
          persistent: wish.persistent,
          valid: true,
        };
      },
      bootDevice: async () => ({ device: 'pxe', efi: true, persistent: false, valid: true }),
      close: async () => undefined,
      facts: { protocol: '2.0', cipherSuite: 17, privilege: 4 },
      run,
      exclusively: (work) => work(run),
      onEnd: () => () => undefined,
      solPort: () => {
        throw new IpmiError('bad-target', 'no serial port here');
      },
    };
  };
}
