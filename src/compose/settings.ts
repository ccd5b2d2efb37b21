import type { Config } from '../config.ts';
import type { SettingDefaults, Settings } from '../platform/index.ts';
import type { ImageAccess } from '../provision/ports.ts';
import type { StageSeconds } from '../provision/runs.ts';

/** Defaults of the settings that can be changed while the server runs. */
export function settingDefaultsOf({ api, boot, provision }: Config): SettingDefaults {
  return {
    'identity.session.timeout': Math.max(60, Math.round(api.sessionHours * 3600)),
    'baremetal.dhcp.lease.firmware': boot.leaseSeconds.firmware,
    'baremetal.dhcp.lease.installer': boot.leaseSeconds.installer,
    'baremetal.dhcp.lease.host': boot.leaseSeconds.host,
    'baremetal.inspect.timeout': provision.inspectMinutes * 60,
    'baremetal.reboot.timeout': provision.rebootMinutes * 60,
    'baremetal.install.timeout': provision.installMinutes * 60,
    'baremetal.provision.maxPerMinute': provision.maxRunsPerMinute,
  };
}

/** The proxy of downloads; undefined: none. */
export function proxySettingsOf({ proxy, noProxy }: Config['images']): ImageAccess['proxy'] {
  return proxy === undefined ? undefined : { url: proxy, except: noProxy };
}

/** Limits of the stages: the long ones are settings, read whenever they are asked; the others are what slow but healthy machines need. */
export function stageSecondsOf(settings: Settings): StageSeconds {
  return {
    powering: 240,
    get 'awaiting-dhcp'() {
      return settings.get('baremetal.reboot.timeout');
    },
    'awaiting-loader': 120,
    'awaiting-script': 120,
    'awaiting-kernel': 120,
    'awaiting-initrd': 120,
    'awaiting-begin': 300,
    get workingInspect() {
      return settings.get('baremetal.inspect.timeout');
    },
    get workingInstall() {
      return settings.get('baremetal.install.timeout');
    },
    finishing: 240,
  };
}
