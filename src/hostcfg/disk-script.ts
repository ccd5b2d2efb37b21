/** Smallest disk in sectors of 512 bytes: leaves out the few megabytes of firmware and configuration volumes. */
const minSectors = 131_072;

/**
 * Shell text that finds the first real disk (nvme, then sd, then vd, by number or letter) and writes the destructive commands for it
 * alone. Not taken: removable, USB, read-only, media that a BMC emulates, up to 64 MiB. Uses SYS, OUT, WAIT and `fail` of the plan script.
 */
export const diskScript = `value() {
  cat "$1" 2>/dev/null || :
}

# Why a disk is not taken; nothing for one that is.
blemish() {
  case $(cd -P "$1" && pwd -P) in
    */usb[0-9]*) echo 'on USB'; return ;;
  esac
  if [ "$(value "$1/removable")" != 0 ]; then echo removable; return; fi
  if [ "$(value "$1/ro")" != 0 ]; then echo 'read-only'; return; fi
  if [ "$(value "$1/hidden")" = 1 ]; then echo 'a path of another disk'; return; fi
  case "$(value "$1/device/vendor") $(value "$1/device/model")" in
    *[Vv]irtual*[Ff]loppy* | *[Vv]irtual*[Mm]edia* | *[Vv]irtual*CD* | *[Vv]irtual*HDisk*) echo 'virtual media'; return ;;
  esac
  sectors=$(value "$1/size")
  case $sectors in
    '' | *[!0-9]*) echo 'of unknown size'; return ;;
  esac
  if [ "$sectors" -le ${minSectors} ]; then echo 'too small'; fi
}

# One line a disk, best first: "yes 2 3 sda" or "no 2 3 sdb (on USB)"; the numbers are its kind and the length of its name.
judge_disks() {
  kind=0
  for prefix in nvme sd vd; do
    kind=$((kind + 1))
    for dir in "$SYS/block/$prefix"*; do
      name=\${dir##*/}
      if [ ! -e "$dir/size" ]; then continue; fi
      case $name in
        *[!a-z0-9]* | nvme*c*n*) continue ;;
      esac
      why=$(blemish "$dir")
      if [ -z "$why" ]; then echo "yes $kind \${#name} $name"; else echo "no $kind \${#name} $name ($why)"; fi
    done
  done | LC_ALL=C sort -k1,1r -k2,2n -k3,3n -k4,4
}

waited=0
while :; do
  judged=$(judge_disks)
  disk=$(printf '%s\\n' "$judged" | sed -n 's/^yes [0-9]* [0-9]* //p' | head -n 1)
  if [ -n "$disk" ] || [ "$waited" -ge "$WAIT" ]; then break; fi
  sleep 1
  waited=$((waited + 1))
done
if [ -z "$disk" ]; then
  seen=$(printf '%s\\n' "$judged" | sed -n 's/^no [0-9]* [0-9]* //p' | tr '\\n' ' ')
  fail "there is no disk to install on; seen: \${seen:-none}"
fi

printf '%s\\n' "ignoredisk --only-use=$disk" zerombr "clearpart --all --initlabel --drives=$disk" autopart \\
  "bootloader --location=mbr --boot-drive=$disk" >"$OUT/rackwright-disk.ks" || fail "$OUT cannot be written to"
say "installs on $disk"`;
