/** What a setting is. */
export type SettingDefinition = { readonly description: string } & (
  | { readonly kind: 'integer'; readonly default: number; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'boolean'; readonly default: boolean }
);

/** Every setting by `category.name`, with its kind, bounds and built-in default. Times carry their unit in the name. */
export const settingDefinitions = {
  'identity.session.timeout': {
    kind: 'integer',
    default: 7200,
    minimum: 60,
    maximum: 31_536_000,
    description: 'Life of a login session, seconds',
  },
  'identity.session.maxConcurrent': {
    kind: 'integer',
    default: 500,
    minimum: 1,
    maximum: 100_000,
    description: 'Sessions of one account or user at a time; the oldest end first',
  },
  'identity.login.maxFailuresPerMinute': {
    kind: 'integer',
    default: 5,
    minimum: 1,
    maximum: 1000,
    description: 'Wrong passwords a minute for one name from one address; then that name waits there',
  },
  'rest.completedApi.expiredPeriod': {
    kind: 'integer',
    default: 172_800,
    minimum: 3600,
    maximum: 31_536_000,
    description: 'How long results of finished jobs are kept, seconds',
  },
  'baremetal.inspect.timeout': {
    kind: 'integer',
    default: 600,
    minimum: 60,
    maximum: 86_400,
    description: 'Longest inspection, seconds',
  },
  'baremetal.reboot.timeout': {
    kind: 'integer',
    default: 300,
    minimum: 60,
    maximum: 86_400,
    description: 'Longest wait from power-on to the first DHCP packet, seconds',
  },
  'baremetal.install.timeout': {
    kind: 'integer',
    default: 1800,
    minimum: 60,
    maximum: 86_400,
    description: 'Longest installation, seconds',
  },
  'baremetal.provision.maxPerMinute': {
    kind: 'integer',
    default: 20,
    minimum: 1,
    maximum: 10_000,
    description: 'Runs begun in a minute; holds mass re-installs by mistake',
  },
  'baremetal.look.quietPercent': {
    kind: 'integer',
    default: 50,
    minimum: 0,
    maximum: 100,
    description:
      'Part of a stage without progress after which a run looks at the consoles of its machine, percent, 60 s at least; 0: only when the stage is late',
  },
  'baremetal.dhcp.lease.firmware': {
    kind: 'integer',
    default: 300,
    minimum: 60,
    maximum: 86_400,
    description: 'DHCP lease of booting firmware and iPXE, seconds; short, for it is gone after the boot',
  },
  'baremetal.dhcp.lease.installer': {
    kind: 'integer',
    default: 3600,
    minimum: 60,
    maximum: 604_800,
    description: 'DHCP lease of an inspector or installer that runs, seconds',
  },
  'baremetal.dhcp.lease.host': {
    kind: 'integer',
    default: 86_400,
    minimum: 60,
    maximum: 31_536_000,
    description: 'DHCP lease of an installed system, seconds',
  },
  'baremetal.dhcp.watch.interval': {
    kind: 'integer',
    default: 300,
    minimum: 0,
    maximum: 86_400,
    description:
      'How often each PXE server looks for other DHCP servers on its segment, seconds; 0 switches that off',
  },
  'ipmi.powerPoll.interval': {
    kind: 'integer',
    default: 60,
    minimum: 0,
    maximum: 86_400,
    description:
      'How often the power state of each machine is read from its BMC, seconds; 0 switches that off',
  },
  'notification.keep': {
    kind: 'integer',
    default: 10_000,
    minimum: 100,
    maximum: 1_000_000,
    description: 'Notifications kept; the oldest read ones go first',
  },
  'progress.keep': {
    kind: 'integer',
    default: 86_400,
    minimum: 600,
    maximum: 31_536_000,
    description: 'How long the progress of a call is kept, seconds',
  },
  'baremetal.batchCreate.parallel': {
    kind: 'integer',
    default: 8,
    minimum: 1,
    maximum: 64,
    description: 'Lines of a batch file, and so logins to BMCs, that are worked on at a time',
  },
} as const satisfies Record<string, SettingDefinition>;
export type SettingKey = keyof typeof settingDefinitions;

/** Type of a setting's value. */
export type SettingValue<Key extends SettingKey> = (typeof settingDefinitions)[Key] extends {
  kind: 'boolean';
}
  ? boolean
  : number;
