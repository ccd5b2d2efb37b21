/**
 * The look at a host: a POSIX shell script for `sh -s -- <libvirt URI> <mark> [<folder>]`. It changes nothing.
 *
 * Every section stands between two lines that begin with the mark, 128 random bits that nothing on the host can know beforehand, so
 * that no serial number, comment or domain title can open or end one. It forks a few dozen times whatever the host has: `grep` and `ls`
 * take all devices at once, and one virsh process prints all domains. All is in one function, so that a script that arrives cut off
 * does nothing, and the shell has read it whole before a program could read from its standard input.
 *
 * Exit codes: 71 the folder is not there, 72 there is no sysfs.
 */
export const probeScript = String.raw`
show() {
  name=$1
  shift
  printf '\n%s:begin:%s\n' "$mark" "$name"
  "$@" 2>/dev/null
  printf '\n%s:end:%s:%s\n' "$mark" "$name" "$?"
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# A program that hangs must not take the rest of the look with it.
limited() {
  if have timeout; then timeout 30 "$@"; else "$@"; fi
}

# One "path:line" for each line that is not empty.
lines() {
  grep -s . /dev/null "$@"
  true
}

links() {
  ls -dn "$@"
  true
}

# Not quiet: virsh ends what its echo prints with a line break only when it is not.
libvirt() {
  limited virsh -c "$uri" "$@"
}

versions() {
  libvirt version 2>&1
}

cpuinfo() {
  grep -E '^(processor|vendor_id|model name|physical id|CPU implementer|cpu|machine)[[:space:]]*:' proc/cpuinfo
}

pci() {
  for file in class vendor device subsystem_vendor subsystem_device revision numa_node boot_vga \
    sriov_totalvfs sriov_numvfs reset_method serial_number; do
    grep -s . /dev/null sys/bus/pci/devices/*/"$file"
  done
  grep -s . /dev/null sys/devices/pci*/firmware_node/path
  ls -dn sys/bus/pci/devices/*
  ls -dn sys/bus/pci/devices/*/driver
  ls -dn sys/bus/pci/devices/*/iommu_group
  ls -dn sys/bus/pci/devices/*/physfn
  ls -dn sys/bus/pci/devices/*/reset
  ls -dn sys/class/drm/card*
  true
}

serials() {
  limited lspci -Dv | grep -E '^[0-9a-f]|Device Serial Number'
}

usb() {
  for file in busnum devnum idVendor idProduct manufacturer product serial version bDeviceClass bInterfaceClass; do
    grep -s . /dev/null sys/bus/usb/devices/*/"$file"
  done
  true
}

block() {
  grep -s . /dev/null sys/class/block/*/dev
  grep -s . /dev/null sys/class/block/*/dm/name
  ls -dn sys/class/block/*
  ls -dn sys/class/block/*/slaves/*
  ls -dn sys/class/nvme/*
  ls -dn sys/class/nvme-subsystem/*/nvme*
  ls -dn sys/fs/btrfs/*/devices/*
  true
}

interfaces() {
  ls -dn sys/class/net/*
  ls -dn sys/class/net/*/bridge
  ls -dn sys/class/net/*/master
  ls -dn sys/class/net/*/lower_*
  true
}

# The kernel's own lists for hosts without ip or with a small one; a router may have a million other lines there.
routes() {
  limited ip -o -4 route show table all default
  limited ip -o -6 route show table all default
  grep -sE '^[^[:space:]]+[[:space:]]0{8}[[:space:]]' /dev/null proc/net/route
  grep -sE '^0{32} 00 ' /dev/null proc/net/ipv6_route
  true
}

loader_files() {
  grep -s '' /dev/null etc/default/grub etc/default/grub.d/*.cfg etc/kernel/cmdline etc/kernel/install.conf \
    etc/default/zipl etc/zipl.conf boot/loader/loader.conf boot/efi/loader/loader.conf efi/loader/loader.conf \
    boot/loader/entries/*.conf boot/efi/loader/entries/*.conf efi/loader/entries/*.conf
  for path in boot/grub/grub.cfg boot/grub2/grub.cfg boot/efi/EFI/*/grub.cfg boot/grub2/grubenv sys/firmware/efi; do
    if [ -e "$path" ]; then printf 'present:%s\n' "$path"; fi
  done
}

loader_programs() {
  for program in grubby update-grub grub2-mkconfig grub-mkconfig kernel-install bootctl proxmox-boot-tool \
    update-initramfs dracut mkinitcpio zipl; do
    if have "$program"; then printf '%s\n' "$program"; fi
  done
}

# For each uuid: what virsh shall print. Names are never used: they may hold anything.
domains() {
  all=$(libvirt list --all --uuid) || return 1
  kept=$(libvirt list --all --persistent --uuid) || return 1
  commands=
  count=0
  for uuid in $all; do
    case $uuid in *[!0-9a-fA-F-]*) continue ;; esac
    commands="$commands echo $mark:domain:$uuid; domstate $uuid; echo $mark:live; dumpxml $uuid; echo $mark:inactive;"
    case $kept in *"$uuid"*) commands="$commands dumpxml --inactive $uuid;" ;; *) commands="$commands echo $mark:transient;" ;; esac
    count=$((count + 1))
    # One argument may have 128 KiB.
    if [ "$count" -ge 250 ]; then
      libvirt "$commands"
      commands=
      count=0
    fi
  done
  if [ -n "$commands" ]; then libvirt "$commands"; fi
  printf '%s:all\n' "$mark"
}

look() {
  LC_ALL=C
  PATH=$PATH:/usr/sbin:/sbin
  export LC_ALL PATH
  uri=$1
  mark=$2
  cd "$3/" || exit 71
  [ -d sys/class ] || exit 72

  if [ -e etc/os-release ]; then show os-release cat etc/os-release; else show os-release cat usr/lib/os-release; fi
  show uname uname -srm
  show hostname cat proc/sys/kernel/hostname
  show cpuinfo cpuinfo
  show meminfo grep MemTotal proc/meminfo
  show boot-time grep btime proc/stat
  show dmi lines sys/class/dmi/id/product_uuid sys/class/dmi/id/sys_vendor sys/class/dmi/id/product_name
  [ ! -e dev/kvm ] || show kvm echo yes
  show cmdline cat proc/cmdline
  show console cat sys/class/tty/console/active
  show iommu-class ls sys/class/iommu
  show iommu-groups ls sys/kernel/iommu_groups
  show boot-loader loader_files
  show boot-programs loader_programs
  if have lspci; then
    show lspci limited lspci -Dmmnnvk
    show pci-serials serials
  fi
  show pci-sysfs pci
  show usb-sysfs usb
  show block-sysfs block
  show net-sysfs interfaces
  show mounts lines proc/1/mountinfo proc/swaps
  if have zpool; then show zpools limited zpool status -LP; fi
  if have ip; then show addresses limited ip -o addr; fi
  show routes routes
  if have ovs-vsctl; then show ovs-bridges limited ovs-vsctl --timeout=5 list-br; fi
  if have virsh; then
    show versions versions
    show domains domains
  fi
  printf '\n%s:done\n' "$mark"
}

look "$1" "$2" "$3" </dev/null
`;
