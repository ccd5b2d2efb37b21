#!/bin/sh
# Applies the network lines of a read kickstart (see kickstart.awk) and shows the result. Sourced; needs common.sh.
# shellcheck disable=SC3043 # ash has local

separator=$(printf '\001')

# Value of --$1 among the words after it; fails when absent.
option() {
  local name=--$1 word
  shift
  for word in "$@"; do
    case $word in
      "$name="*) printf '%s' "${word#*=}"; return 0 ;;
      "$name") return 0 ;;
    esac
  done
  return 1
}

# Calls the function $1 with the words of one line of DIR/commands.
call_split() {
  local handler=$1 line=$2 old_ifs=$IFS
  set -f
  IFS=$separator
  # shellcheck disable=SC2086 # split at the separator is the purpose
  set -- $line
  IFS=$old_ifs
  set +f
  shift
  "$handler" "$@" </dev/null
}

# Calls the function $1 for every command named $2 in file $3; stops at the first failure.
for_commands() {
  local handler=$1 wanted=$2 file=$3 line
  while IFS= read -r line; do
    [ "${line%%"$separator"*}" = "$wanted" ] || continue
    call_split "$handler" "$line" || return 1
  done <"$file"
}

make_bond() {
  local bond=$1 slaves=$2 opts=$3 pair slave
  modprobe bonding max_bonds=0 2>/dev/null
  [ -d "/sys/class/net/$bond" ] || echo "+$bond" >/sys/class/net/bonding_masters || return 1
  ip link set "$bond" down
  # The mode comes first: other options depend on it. Linux bonding.rst
  for pair in $(echo "$opts" | tr ',;' '\n\n' | sort -t= -k1,1r | sed -n '/^mode=/p') $(echo "$opts" | tr ',;' '\n\n' | sed '/^mode=/d'); do
    echo "${pair#*=}" >"/sys/class/net/$bond/bonding/${pair%%=*}" || return 1
  done
  for slave in $(echo "$slaves" | tr ',' ' '); do
    if [ ! -d "/sys/class/net/$slave" ]; then say "bond $bond: no NIC $slave"; return 1; fi
    ip addr flush dev "$slave"
    ip link set "$slave" down
    echo "+$slave" >"/sys/class/net/$bond/bonding/slaves" || return 1
  done
}

give_address() {
  local device=$1 ip mask gateway old
  shift
  case $(option bootproto "$@") in
    static)
      ip=$(option ip "$@") mask=$(option netmask "$@")
      # The address of DHCP goes when the new one reaches the same network; otherwise it stays, so that reports still arrive.
      old=$(ip -4 addr show dev "$device" | sed -nE 's/^ *inet ([0-9./]+).*/\1/p' | head -n 1)
      if [ -n "$old" ] && [ "$(ipcalc -n "$old")" = "$(ipcalc -n "$ip" "$mask")" ]; then ip addr flush dev "$device"; fi
      ip addr add "$ip/$mask" dev "$device" || return 1
      if gateway=$(option gateway "$@") && ! option nodefroute "$@" >/dev/null; then
        ip route replace default via "$gateway" dev "$device" || return 1
      fi
      if option nameserver "$@" >/dev/null; then echo "nameserver $(option nameserver "$@")" >>/etc/resolv.conf; fi
      ;;
    dhcp)
      ip -4 addr show dev "$device" | grep -q inet ||
        udhcpc -i "$device" -n -q -f -t 4 -T 2 -A 1 -s /lib/rackwright/udhcpc.sh >/dev/null 2>&1 ||
        say "$device: no DHCP answer"
      ;;
  esac
  return 0
}

# One network command.
apply_network_line() {
  local device slaves id
  if option hostname "$@" >/dev/null; then hostname "$(option hostname "$@")"; fi
  device=$(option device "$@") || return 0
  slaves=$(option bondslaves "$@")
  if [ -n "$slaves" ]; then make_bond "$device" "$slaves" "$(option bondopts "$@")" || return 1; fi
  if id=$(option vlanid "$@"); then
    local name
    name=$(option interfacename "$@") || name=$device.$id
    ip link set "$device" up
    modprobe 8021q 2>/dev/null
    ip link add link "$device" name "$name" type vlan id "$id" || return 1
    device=$name
  fi
  if [ ! -d "/sys/class/net/$device" ]; then say "no interface $device"; return 1; fi
  ip link set "$device" up || return 1
  if option mtu "$@" >/dev/null; then ip link set "$device" mtu "$(option mtu "$@")"; fi
  give_address "$device" "$@"
}

# One line a bond for a program to read, after what the kernel says for a person.
show_network() {
  local bond name waited=0
  for bond in $(cat /sys/class/net/bonding_masters 2>/dev/null); do
    while [ $waited -lt 10 ] && ! has_link "$bond"; do sleep 1; waited=$((waited + 1)); done
  done
  say_raw "$(ip addr)"
  for bond in $(cat /sys/class/net/bonding_masters 2>/dev/null); do
    say_raw "$(cat "/proc/net/bonding/$bond")"
    name=/sys/class/net/$bond/bonding
    say_raw "RACKWRIGHT-LAB BOND $bond mode=$(cut -d' ' -f1 "$name/mode")" \
      "slaves=$(tr ' ' ',' <"$name/slaves") mii=$(cat "$name/mii_status")" \
      "addr=$(ip -4 addr show dev "$bond" | sed -nE 's/^ *inet ([0-9./]+).*/\1/p' | head -n 1)"
  done
  for name in /proc/net/vlan/*; do
    [ -e "$name" ] && [ "${name##*/}" != config ] || continue
    say_raw "RACKWRIGHT-LAB VLAN ${name##*/} id=$(sed -nE 's/.*VID: ([0-9]+).*/\1/p' "$name" | head -n 1)" \
      "parent=$(sed -nE 's/^Device: //p' "$name")" \
      "addr=$(ip -4 addr show dev "${name##*/}" | sed -nE 's/^ *inet ([0-9./]+).*/\1/p' | head -n 1)"
  done
}
