// Constant texts: what differs comes as arguments, never inside the script.

/**
 * Loads vfio-pci and binds the devices of the arguments to it. The kernel lets a running VM open a group only when none of its
 * endpoints has a driver of the host, so mates must be bound before the first one is plugged in. Linux Documentation/driver-api/vfio.rst
 */
export const bindScript = `set -eu
[ -d /sys/bus/pci/drivers/vfio-pci ] || modprobe vfio-pci
for a in "$@"; do
  d=/sys/bus/pci/devices/$a
  [ -e "$d" ] || { echo "$a is not there any more" >&2; exit 4; }
  now=$(readlink "$d/driver" || :); now=\${now##*/}
  [ "$now" = vfio-pci ] && continue
  echo vfio-pci > "$d/driver_override"
  [ -z "$now" ] || echo "$a" > "$d/driver/unbind"
  echo "$a" > /sys/bus/pci/drivers_probe || :
  now=$(readlink "$d/driver" || :); now=\${now##*/}
  [ "$now" = vfio-pci ] || { echo "$a did not go to vfio-pci, its driver is \${now:-none}" >&2; exit 5; }
done
`;

/**
 * Gives devices back to the host. Arguments are pairs: address, driver that it had (\`-\` for none or unknown). A device whose own driver
 * was vfio-pci stays there. Prints \`address driver\` for each, \`-\` for no driver, \`gone\` for a device that is not there.
 */
export const restoreScript = `set -u
driver() { l=$(readlink "/sys/bus/pci/devices/$1/driver" || :); echo "\${l##*/}"; }
while [ $# -ge 2 ]; do
  a=$1; want=$2; shift 2
  d=/sys/bus/pci/devices/$a
  [ -e "$d" ] || { echo "$a gone"; continue; }
  now=$(driver "$a")
  if [ "$want" != vfio-pci ]; then
    if [ "$now" = vfio-pci ]; then
      echo > "$d/driver_override"
      echo "$a" > "$d/driver/unbind"
      now=$(driver "$a")
    fi
    for again in 1 2; do
      [ -z "$now" ] || break
      echo > "$d/driver_override"
      echo "$a" > /sys/bus/pci/drivers_probe
      now=$(driver "$a")
      [ -n "$now" ] || [ "$want" = - ] || modprobe "$want"
    done
  fi
  echo "$a \${now:--}"
done
`;

/** Sets the number of virtual functions: address, number. The host's own sriov_drivers_autoprobe stays as it is. */
export const vfScript = `set -eu
d=/sys/bus/pci/devices/$1
[ -e "$d/sriov_numvfs" ] || { echo "$1 has no SR-IOV" >&2; exit 4; }
echo "$2" > "$d/sriov_numvfs"
[ "$(cat "$d/sriov_numvfs")" = "$2" ]
`;

/** virsh opens \`/dev/stdin\` by its path, which fails when standard input is a socket; behind \`cat\` it is a pipe. Arguments: URI, verb, domain, flags. */
export const deviceCommand = `u=$1; v=$2; d=$3; shift 3; cat | LC_ALL=C virsh -c "$u" "$v" "$d" /dev/stdin "$@"`;
