/**
 * Replaces one file of the boot loader, on the host. Constant; what varies comes as arguments and over standard input:
 * `<root> <path> <sha256 of the old content> <sha256 of the new content> <stamp> <tool> <word>...`, new content on stdin.
 *
 * Exit 10: the file is not what was planned for. 11: it could not be written, nothing changed. 20: the tool failed or its output lacks
 * a word, and the old file is back. 21: so, and the old file could not be put back or the tool failed again.
 * Old content is compared with a line break at its end, because the look at the host adds one.
 * A hang-up of the connection does not stop it half-way. A link is followed: what it leads to is replaced, the link stays.
 */
export const writeScript = String.raw`
set -u
trap '' HUP PIPE
PATH=$PATH:/usr/sbin:/sbin
export PATH
LC_ALL=C
export LC_ALL
root=$1
path=$2
old_sum=$3
new_sum=$4
stamp=$5
tool=$6
shift 6

say() {
  printf '%s\n' "$*" || :
}

fail() {
  code=$1
  shift
  say "$*" >&2
  exit "$code"
}

sum_of() {
  sha256sum | cut -d ' ' -f 1
}

# The content with a line break at its end.
whole() {
  cat -- "$1"
  if [ -n "$(tail -c 1 -- "$1")" ]; then echo; fi
}

# Older ones take no path.
flush() {
  sync -- "$1" 2>/dev/null || sync
}

file=$(readlink -f -- "$root$path") || fail 10 "$path is not there"
[ -f "$file" ] || fail 10 "$path is not a file"
[ "$(whole "$file" | sum_of)" = "$old_sum" ] || fail 10 "$path has changed since it was read"

folder=$(dirname -- "$file")
temp=$file.rackwright-new
backup=$file.rackwright-$stamp
trap 'rm -f -- "$temp"' EXIT

# By copying, so that mode, owner and label are those of the old file.
replace_by() {
  cp -a -- "$file" "$temp" && cat -- "$1" >"$temp" && flush "$temp" && mv -f -- "$temp" "$file" && flush "$folder"
}

give_up() {
  rm -f -- "$backup"
  fail 11 "$*"
}

[ ! -e "$backup" ] || fail 11 "the backup $backup is there already"
cp -a -- "$file" "$backup" || give_up "no backup could be made beside $path"
cp -a -- "$file" "$temp" || give_up "no file could be made beside $path"
cat >"$temp" || give_up "the new $path could not be written"
[ "$(sum_of <"$temp")" = "$new_sum" ] || give_up "the new $path did not arrive whole"
flush "$temp" || give_up "the new $path could not be written to the disk"
mv -f -- "$temp" "$file" || give_up "the new $path could not be put in its place"
flush "$folder"

# RHEL and its kin name GRUB's configuration by a link; on newer ones the file below EFI only points to another.
grub_config() {
  if [ -d "$root/sys/firmware/efi" ]; then
    set -- "$root"/etc/grub2-efi.cfg "$root"/boot/efi/EFI/*/grub.cfg "$root"/boot/grub2/grub.cfg
  else
    set -- "$root"/etc/grub2.cfg "$root"/boot/grub2/grub.cfg
  fi
  for config in "$@" "$root"/boot/grub/grub.cfg; do
    config=$(readlink -f -- "$config") || continue
    [ -f "$config" ] || continue
    if grep -q -e '^[[:space:]]*menuentry ' -e blscfg -- "$config"; then
      printf '%s\n' "$config"
      return 0
    fi
  done
  return 1
}

run_grub() {
  if command -v update-grub >/dev/null 2>&1; then
    update-grub
    return
  fi
  config=$(grub_config) || {
    say "no grub.cfg with boot entries was found"
    return 1
  }
  for program in grub2-mkconfig grub-mkconfig; do
    command -v "$program" >/dev/null 2>&1 || continue
    if "$program" --help 2>/dev/null | grep -q -e --update-bls-cmdline; then
      "$program" -o "$config" --update-bls-cmdline
    else
      "$program" -o "$config"
    fi
    return
  done
  say "neither update-grub nor grub2-mkconfig nor grub-mkconfig was found"
  return 1
}

run_kernel_install() {
  found=no
  for modules in "$root"/lib/modules/*; do
    version=$(basename -- "$modules")
    for image in "$modules/vmlinuz" "$root/boot/vmlinuz-$version"; do
      [ -f "$image" ] || continue
      set -- "$version" "$image"
      [ ! -f "$root/boot/initrd.img-$version" ] || set -- "$@" "$root/boot/initrd.img-$version"
      kernel-install add "$@" || return 1
      found=yes
      break
    done
  done
  [ "$found" = yes ] || {
    say "no kernel was found in /lib/modules or /boot"
    return 1
  }
}

run_tool() {
  case $tool in
  grub) run_grub ;;
  kernel-install) run_kernel_install ;;
  proxmox-boot-tool) proxmox-boot-tool refresh ;;
  *) : ;;
  esac
}

# Every word must have reached what the boot loader reads.
all_there() {
  for word in "$@"; do
    grep -qsF -e "$word" -- "$root"/boot/grub/grub.cfg "$root"/boot/grub2/grub.cfg "$root"/boot/grub2/grubenv \
      "$root"/boot/efi/EFI/*/grub.cfg "$root"/boot/loader/entries/*.conf "$root"/boot/efi/loader/entries/*.conf \
      "$root"/efi/loader/entries/*.conf "$root"/boot/EFI/Linux/*.efi "$root"/boot/efi/EFI/Linux/*.efi \
      "$root"/efi/EFI/Linux/*.efi || {
      say "what $tool made has no $word: another file sets the kernel command line anew"
      return 1
    }
  done
}

if log=$(run_tool 2>&1 && all_there "$@" 2>&1); then
  say "$backup"
  exit 0
fi
say "$log" | tail -n 20 >&2
replace_by "$backup" || fail 21 "the old $path could not be put back: it is in $backup"
rm -f -- "$backup"
again=$(run_tool 2>&1) || fail 21 "the old $path is back, but $tool failed again: $(say "$again" | tail -n 3)"
exit 20
`;
