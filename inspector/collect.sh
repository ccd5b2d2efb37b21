#!/bin/sh
# Prints the hardware report (schema 1, see README.md) as one line of ASCII JSON. Reads sysfs and proc below $RACKWRIGHT_ROOT (default /).
# BOOT_NIC names the port that booted, in case BOOTIF did not say. For busybox ash.
# shellcheck disable=SC3043 # ash has local
LC_ALL=C
export LC_ALL
root=${RACKWRIGHT_ROOT:-}
sys=$root/sys
here=$(dirname "$0")
. "$here/common.sh"

# The only place where text becomes JSON. Any bytes in: UTF-8 is kept as \u escapes, everything else becomes U+FFFD; blanks at the ends go.
json_string() {
  case $1 in
    '') printf null ;;
    *[!A-Za-z0-9._:/,+=-]*) printf '%s' "$1" | escape_bytes ;;
    *) printf '"%s"' "$1" ;;
  esac
}

escape_bytes() {
  od -An -v -tu1 | awk '
    function put(code) {
      if (code > 65535) { put(55296 + int((code - 65536) / 1024)); put(56320 + (code - 65536) % 1024); return }
      out = out (code == 34 || code == 92 || code < 32 || code > 126 ? sprintf("\\u%04x", code) : sprintf("%c", code))
    }
    function blank(b) { return b <= 32 || b == 127 }
    # Length of the valid UTF-8 sequence at i, 0 when there is none; its code point in point. RFC 3629 section 4
    function sequence(i,   lead, length_, least, k) {
      lead = byte[i]
      if (lead < 128) { point = lead; return 1 }
      if (lead >= 194 && lead < 224) { length_ = 2; least = 128; point = lead - 192 }
      else if (lead >= 224 && lead < 240) { length_ = 3; least = 2048; point = lead - 224 }
      else if (lead >= 240 && lead < 245) { length_ = 4; least = 65536; point = lead - 240 }
      else return 0
      for (k = 1; k < length_; k++) {
        if (i + k > last || byte[i + k] < 128 || byte[i + k] > 191) return 0
        point = point * 64 + byte[i + k] - 128
      }
      if (point < least || point > 1114111 || (point >= 55296 && point <= 57343)) return 0
      return length_
    }
    { for (f = 1; f <= NF; f++) byte[++last] = $f + 0 }
    END {
      first = 1
      while (first <= last && blank(byte[first])) first++
      while (last >= first && blank(byte[last])) last--
      if (first > last) { printf "null"; exit }
      for (i = first; i <= last; i += taken) {
        taken = sequence(i)
        if (taken) put(point); else { put(65533); taken = 1 }
      }
      printf "\"%s\"", out
    }'
}

# A number from a file or text; anything else is null.
json_number() {
  case $1 in
    '' | *[!0-9]*) printf null ;;
    0) printf 0 ;;
    0*) json_number "${1#0}" ;;
    *) printf '%s' "$1" ;;
  esac
}

json_bool() {
  if [ "$1" = 1 ]; then printf true; else printf false; fi
}

# First line of a file into the variable $2, empty when it cannot be read; no process is started.
read_line() {
  eval "$2="
  [ -r "$1" ] && IFS= read -r "$2" 2>/dev/null <"$1"
  return 0
}

json_file() {
  json_string "$(cat "$1" 2>/dev/null)"
}

# Name of what a link such as device/driver points to.
link_name() {
  local target
  target=$(readlink "$1" 2>/dev/null) && printf '%s' "${target##*/}"
}

# The last PCI address on the physical path of a device.
pci_of() {
  readlink -f "$1" 2>/dev/null | grep -oE '[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]' | tail -n 1
}

cpu() {
  local info=$root/proc/cpuinfo model cores sockets
  model=$(sed -nE 's/^model name[[:space:]]*: *//p' "$info" 2>/dev/null | head -n 1)
  cores=$(grep -c '^processor' "$info" 2>/dev/null)
  sockets=$(grep '^physical id' "$info" 2>/dev/null | sort -u | wc -l)
  [ "$sockets" -gt 0 ] || sockets=1
  printf '"cpu":{"model":%s,"cores":%s,"sockets":%s}' \
    "$(json_string "$model")" "$(json_number "$cores")" "$(json_number "$sockets")"
}

memory() {
  printf '"memory":{"totalKiB":%s}' \
    "$(json_number "$(sed -nE 's/^MemTotal: *([0-9]+) kB$/\1/p' "$root/proc/meminfo" 2>/dev/null)")"
}

system() {
  local pair separator=''
  printf '"system":{'
  for pair in manufacturer=sys_vendor product=product_name version=product_version serial=product_serial \
    uuid=product_uuid sku=product_sku family=product_family biosVendor=bios_vendor biosVersion=bios_version \
    biosDate=bios_date boardVendor=board_vendor boardName=board_name boardSerial=board_serial \
    chassisSerial=chassis_serial assetTag=chassis_asset_tag; do
    printf '%s"%s":%s' "$separator" "${pair%%=*}" "$(json_file "$sys/class/dmi/id/${pair#*=}")"
    separator=,
  done
  printf '}'
}

report_nics() {
  local path name mac type speed carrier pxe address separator=''
  printf '"nics":['
  for path in "$sys"/class/net/*; do
    name=${path##*/}
    read_line "$path/type" type
    [ -e "$path/device" ] && [ "$type" = 1 ] || continue
    read_line "$path/address" mac
    read_line "$path/speed" speed
    read_line "$path/carrier" carrier
    pxe=0
    if [ -n "$boot_mac" ]; then [ "$mac" = "$boot_mac" ] && pxe=1; else [ "$name" = "${BOOT_NIC:-}" ] && pxe=1; fi
    address=''
    [ -n "$root" ] || address=$(ip -4 addr show dev "$name" | sed -nE 's/^ *inet ([0-9.]+).*/\1/p' | head -n 1)
    printf '%s{"name":%s,"mac":%s,"speed":%s,"link":%s,"pxe":%s,"driver":%s,"pciAddress":%s,"ip":%s}' "$separator" \
      "$(json_string "$name")" "$(json_string "$mac")" "$(json_number "$speed")" "$(json_bool "$carrier")" \
      "$(json_bool $pxe)" "$(json_string "$(link_name "$path/device/driver")")" \
      "$(json_string "$(pci_of "$path/device")")" "$(json_string "$address")"
    separator=,
  done
  printf ']'
}

# How a disk is attached, from its physical path in sysfs.
bus_of() {
  case $1 in
    */usb[0-9]*) printf usb ;;
    */nvme/*) printf nvme ;;
    */ata[0-9]*) printf ata ;;
    */end_device-*) printf sas ;;
    */virtio[0-9]*) printf virtio ;;
    */mmc_host/*) printf mmc ;;
    *) printf scsi ;;
  esac
}

# Serial of a disk: its own, else the unit serial page of SCSI (SPC-4 7.8.17, 4 bytes of header), else that of the USB device above it.
disk_serial() {
  local up
  if [ -s "$1/serial" ]; then cat "$1/serial"; return; fi
  if [ -s "$1/device/serial" ]; then cat "$1/device/serial"; return; fi
  case $2 in
    */usb[0-9]*)
      up=$2
      while [ "${up%/*}" != "$up" ] && [ ! -e "$up/idVendor" ]; do up=${up%/*}; done
      cat "$up/serial" 2>/dev/null
      ;;
    *) tail -c +5 "$1/device/vpd_pg80" 2>/dev/null ;;
  esac
}

disk_wwn() {
  local wwn
  wwn=$(cat "$1/wwid" 2>/dev/null || cat "$1/device/wwid" 2>/dev/null)
  case $wwn in naa.* | eui.* | nvme.* | uuid.*) printf '%s' "$wwn" ;; esac
}

# SCSI splits vendor and model; "ATA" is what libata says for every vendor.
disk_model() {
  local vendor
  vendor=$(cat "$1/device/vendor" 2>/dev/null)
  case $vendor in 'ATA '* | ATA | 0x*) vendor='' ;; esac
  printf '%s %s' "${vendor%% *}" "$(cat "$1/device/model" 2>/dev/null || cat "$1/device/name" 2>/dev/null)"
}

report_disks() {
  local path name real size removable rotational hidden separator=''
  printf '"disks":['
  for path in "$sys"/block/*; do
    name=${path##*/}
    case $name in loop* | ram* | zram* | sr* | fd* | dm-* | md* | nbd* | mmcblk*boot* | mmcblk*rpmb) continue ;; esac
    [ -e "$path/device" ] || continue
    read_line "$path/hidden" hidden
    [ "$hidden" = 1 ] && continue
    real=$(readlink -f "$path")
    read_line "$path/size" size
    read_line "$path/removable" removable
    read_line "$path/queue/rotational" rotational
    case $size in '' | *[!0-9]*) size='' ;; *) size=$((size * 512)) ;; esac
    printf '%s{"name":%s,"path":%s,"sizeBytes":%s,"model":%s,"serial":%s,"rotational":%s,"removable":%s,"bus":"%s","wwn":%s}' \
      "$separator" "$(json_string "$name")" "$(json_string "/dev/$name")" "$(json_number "$size")" \
      "$(json_string "$(disk_model "$path")")" "$(json_string "$(disk_serial "$path" "$real")")" \
      "$(json_bool "$rotational")" "$(json_bool "$removable")" "$(bus_of "$real")" "$(json_string "$(disk_wwn "$path")")"
    separator=,
  done
  printf ']'
}

# A hex word of sysfs without 0x.
json_hex() {
  json_string "${1#0x}"
}

report_pci() {
  local path vendor device subvendor subdevice class separator=''
  printf '"pci":['
  for path in "$sys"/bus/pci/devices/*; do
    [ -e "$path/vendor" ] || continue
    read_line "$path/vendor" vendor
    read_line "$path/device" device
    read_line "$path/subsystem_vendor" subvendor
    read_line "$path/subsystem_device" subdevice
    read_line "$path/class" class
    printf '%s{"address":%s,"vendorId":%s,"deviceId":%s,"subvendorId":%s,"subdeviceId":%s,"class":%s,"driver":%s}' \
      "$separator" "$(json_string "${path##*/}")" "$(json_hex "$vendor")" "$(json_hex "$device")" \
      "$(json_hex "$subvendor")" "$(json_hex "$subdevice")" "$(json_hex "$class")" \
      "$(json_string "$(link_name "$path/driver")")"
    separator=,
  done
  printf ']'
}

boot_mac=$(boot_mac)
firmware=bios
[ -d "$sys/firmware/efi" ] && firmware=uefi
printf '{"schema":1,"bootif":%s,"firmware":"%s",' "$(json_string "$boot_mac")" "$firmware"
for part in cpu memory system report_nics report_disks; do
  $part
  printf ,
done
report_pci
printf '}\n'
