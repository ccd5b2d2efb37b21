import type { Mac } from '../base/mac.ts';
import { bondingModeName } from './bonding-mode.ts';
import { kickstartQuote, shellQuote } from './quote.ts';
import type { AddressCfg, HostNetwork } from './types.ts';

/** Shell functions that know a NIC by its MAC; kickstart's --bondslaves takes names only. Uses SYS, OUT, WAIT and `fail` of the plan script. */
const functions = `# Names of the NICs with a MAC. What stands on other interfaces (VLAN, bond, bridge) borrows a MAC and is left out;
# interfaces with hardware behind them are preferred.
nics_with() {
  real=
  other=
  for dir in "$SYS"/class/net/*; do
    name=\${dir##*/}
    case $name in
      *[!A-Za-z0-9._-]*) continue ;;
    esac
    if [ "$(cat "$dir/address" 2>/dev/null)" != "$1" ]; then continue; fi
    for lower in "$dir"/lower_*; do
      if [ -e "$lower" ]; then continue 2; fi
    done
    if [ -e "$dir/device" ]; then real="$real $name"; else other="$other $name"; fi
  done
  if [ -n "$real" ]; then other=$real; fi
  echo "\${other# }"
}

nics_here() {
  for dir in "$SYS"/class/net/*; do
    if [ -e "$dir/device" ]; then echo "\${dir##*/} $(cat "$dir/address" 2>/dev/null)"; fi
  done | tr '\\n' ';'
}

find_nic() {
  waited=0
  while :; do
    nic=$(nics_with "$1")
    if [ -n "$nic" ] || [ "$waited" -ge "$WAIT" ]; then break; fi
    sleep 1
    waited=$((waited + 1))
  done
  case $nic in
    '') fail "NIC $1 of the hostcfg is not in this machine, or has no driver; here are: $(nics_here)" ;;
    *' '*) fail "the MAC address $1 is on several NICs: $nic" ;;
  esac
  used="$used $nic"
}

claim_bond() {
  if [ -e "$SYS/class/net/$1/device" ]; then fail "a bond cannot be named $1: a NIC of this machine is; rename the bond"; fi
  used="$used $1"
}

# A name for the VLAN $2 on $1: kickstart wants <name>.<id> or vlan<id>, the kernel at most 15 characters.
name_vlan() {
  case $1 in
    *.* | vlan*) vlan= ;;
    *) vlan=$1.$2 ;;
  esac
  for vlan in "$vlan" "vlan$2" "v$3.$2"; do
    if [ -z "$vlan" ] || [ "\${#vlan}" -gt 15 ]; then continue; fi
    case " $used " in
      *" $vlan "*) continue ;;
    esac
    used="$used $vlan"
    return
  done
  fail "no name is left for VLAN $2 on $1"
}

line() {
  printf '%s\\n' "$*" >>"$OUT/rackwright-network.ks" || fail "$OUT cannot be written to"
}

used=
: >"$OUT/rackwright-network.ks" || fail "$OUT cannot be written to"`;

/**
 * --no-activate: the installer keeps the address it booted with, by which it is watched and gets its packages; the lines configure the
 * installed system. A dns without an address is left out, NetworkManager refuses one where IPv4 is off.
 */
function addressOptions(cfg: AddressCfg, dhcp: boolean): string {
  const options: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) options.push(`--${name}=${kickstartQuote(value)}`);
  };
  if (cfg.ip === undefined && !dhcp) {
    options.push('--noipv4', '--noipv6');
  } else {
    add('bootproto', cfg.ip === undefined ? 'dhcp' : 'static');
    add('ip', cfg.ip);
    add('netmask', cfg.netmask);
    add('gateway', cfg.gateway);
    add('nameserver', cfg.dns);
  }
  return [...options, '--onboot=on', '--no-activate'].join(' ');
}

/** Shell text that writes the network lines of kickstart to rackwright-network.ks: NICs, then bonds, then VLANs. */
export function renderNetworkScript({ nics, bondings, vlans }: HostNetwork): string {
  const lines: string[] = [functions, ''];
  /** MAC or bond name to the shell word that is its interface's name. */
  const words = new Map<string, string>();
  const find = (mac: Mac): string => {
    const variable = `nic${words.size}`;
    words.set(mac, `$${variable}`);
    lines.push(`find_nic ${shellQuote(mac)}`, `${variable}=$nic`);
    return `$${variable}`;
  };
  for (const nic of nics) {
    const name = find(nic.mac);
    lines.push(
      `line "network --device=${name}" ${shellQuote(`${addressOptions(nic, nic.pxe)} --bindto=mac`)}`,
    );
  }
  for (const bond of bondings) {
    const slaves = bond.slaves.map(find).join(',');
    const name = shellQuote(bond.name);
    lines.push(
      `claim_bond ${name}`,
      `line ${shellQuote(`network --device=${kickstartQuote(bond.name)}`)} "--bondslaves=${slaves}" ${shellQuote(
        `--bondopts=mode=${bondingModeName(bond.mode)},miimon=100 ${addressOptions(bond, false)} --bindto=mac`,
      )}`,
    );
  }
  for (const [index, vlan] of vlans.entries()) {
    const nic = words.get(vlan.parent);
    const parent = nic === undefined ? shellQuote(vlan.parent) : `"${nic}"`;
    const device = nic === undefined ? shellQuote(kickstartQuote(vlan.parent)) : `"${nic}"`;
    lines.push(
      `name_vlan ${parent} ${vlan.vlanId} ${index}`,
      `line network --device=${device} "--vlanid=${vlan.vlanId} --interfacename=$vlan" ${shellQuote(addressOptions(vlan, false))}`,
    );
  }
  return lines.join('\n');
}
