#!/bin/sh
# Shared by the inspector and by the lab's stand-in installer. For busybox ash; sourced by init.
# shellcheck disable=SC3043 # ash has local

consoles=/dev/console

# Prints on every console of the kernel command line, not only on the last one: a technician may stand at either.
say_raw() {
  for console in $consoles; do printf '%s\n' "$*" 2>/dev/null >"$console"; done
}

say() {
  say_raw "rackwright: $*"
}

start_system() {
  /bin/busybox mount -t proc proc /proc
  /bin/busybox --install -s /bin
  mount -t sysfs sysfs /sys
  mount -t devtmpfs dev /dev 2>/dev/null
  mkdir -p /dev/pts /etc /run /tmp
  mount -t devpts devpts /dev/pts 2>/dev/null
  mount -t tmpfs tmpfs /tmp
  dmesg -n 3
  local active=''
  for console in $(cat /sys/class/tty/console/active 2>/dev/null); do active="$active /dev/$console"; done
  [ -z "$active" ] || consoles=$active
}

# Value of the kernel argument $1 (the last one wins); fails when it is absent.
kernel_arg() {
  local word found='' status=1
  set -f
  # shellcheck disable=SC2013 # words are what is wanted
  for word in $(cat "${RACKWRIGHT_ROOT:-}/proc/cmdline"); do
    case $word in
      "$1="*) found=${word#*=} status=0 ;;
      "$1") found='' status=0 ;;
    esac
  done
  set +f
  printf '%s' "$found"
  return $status
}

# MAC of the NIC that booted, from PXELINUX's BOOTIF=01-aa-bb-cc-dd-ee-ff (01 is the hardware type) or a plain MAC; lower case.
boot_mac() {
  kernel_arg BOOTIF | tr 'A-F-' 'a-f:' | sed -nE 's/^(01:)?(([0-9a-f]{2}:){5}[0-9a-f]{2})$/\2/p'
}

# Loads drivers for everything that the kernel has seen; new buses bring new devices, so it runs until nothing new comes.
load_drivers() {
  local pass=0
  # busybox grep takes an empty pattern file for a pattern that matches everything.
  [ -e /tmp/aliases ] || echo none >/tmp/aliases
  while [ $pass -lt 6 ]; do
    find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u >/tmp/aliases.now
    sort -u /tmp/aliases /tmp/aliases.now >/tmp/aliases.all
    cmp -s /tmp/aliases /tmp/aliases.all && return
    grep -v -x -F -f /tmp/aliases /tmp/aliases.now | tr '\n' '\000' | xargs -0 modprobe -a -b -q 2>/dev/null
    mv /tmp/aliases.all /tmp/aliases
    pass=$((pass + 1))
  done
}

# Disks behind USB and RAID controllers appear late. Ends when nothing new came for 2 s; $1 is the limit in seconds.
settle() {
  local limit=$1 quiet=0 before='' now
  while [ "$limit" -gt 0 ] && [ $quiet -lt 2 ]; do
    load_drivers
    now=$(ls /sys/block /sys/bus/usb/devices /sys/class/net 2>/dev/null)
    if [ "$now" = "$before" ]; then quiet=$((quiet + 1)); else quiet=0; fi
    before=$now
    limit=$((limit - 1))
    sleep 1
  done
}

# Names of the machine's own Ethernet ports (no bonds, no loopback).
nics() {
  local path
  for path in /sys/class/net/*; do
    [ -e "$path/device" ] && [ "$(cat "$path/type")" = 1 ] && printf '%s\n' "${path##*/}"
  done
}

nic_with_mac() {
  local nic
  for nic in $(nics); do
    [ "$(cat "/sys/class/net/$nic/address")" = "$1" ] && printf '%s\n' "$nic" && return 0
  done
  return 1
}

has_link() {
  [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]
}

# Brings all ports up, since a port that is down knows neither link nor speed, and waits up to 3 s for the slow ones.
raise_nics() {
  local nic waited=0 new='' missing
  for nic in $(nics); do
    [ $(($(cat "/sys/class/net/$nic/flags") & 1)) = 1 ] && continue
    ip link set "$nic" up 2>/dev/null
    new="$new $nic"
  done
  while [ $waited -lt 3 ]; do
    missing=0
    for nic in $new; do has_link "$nic" || missing=1; done
    [ $missing = 0 ] && return
    sleep 1
    waited=$((waited + 1))
  done
}

# The ports to try DHCP on: the one that booted, or every one that has link when BOOTIF is absent or matches none.
boot_candidates() {
  local mac nic
  mac=$(boot_mac)
  if [ -n "$mac" ] && nic_with_mac "$mac"; then return; fi
  if [ -n "$mac" ]; then say "no NIC has the boot MAC $mac, trying all with link"; fi
  for nic in $(nics); do has_link "$nic" && printf '%s\n' "$nic"; done
}

# DHCP on one of the candidates within $1 seconds; sets boot_nic.
get_address() {
  local deadline nic candidates
  deadline=$(($(cut -d. -f1 /proc/uptime) + $1))
  candidates=$(boot_candidates)
  if [ -z "$candidates" ]; then
    settle 10
    raise_nics
    candidates=$(boot_candidates)
  fi
  while [ "$(cut -d. -f1 /proc/uptime)" -lt "$deadline" ]; do
    for nic in $candidates; do
      if udhcpc -i "$nic" -n -q -f -t 4 -T 2 -A 1 -s /lib/rackwright/udhcpc.sh >/tmp/udhcpc.log 2>&1; then
        # shellcheck disable=SC2034 # read by init
        boot_nic=$nic
        return 0
      fi
    done
    [ -n "$candidates" ] || candidates=$(boot_candidates)
    sleep 1
  done
  return 1
}

# host:port of a URL; the rest may hold a token and is never printed.
host_of() {
  printf '%s' "$1" | sed -E 's#^[a-z]+://([^/]*@)?([^/]*).*#\2#'
}
