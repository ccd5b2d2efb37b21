/** Files as distributions and people have them. */
export const debian = String.raw`# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.
GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=${'`'}( . /etc/os-release; echo ${'$'}{NAME:-Debian} ) 2>/dev/null || echo Debian${'`'}
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX=""
# GRUB_CMDLINE_LINUX_DEFAULT="debug"
#GRUB_TERMINAL=console
GRUB_GFXMODE=640x480
`;

export const rhel7 = String.raw`GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR="$(sed 's, release .*$,,g' /etc/system-release)"
GRUB_DEFAULT=saved
GRUB_DISABLE_SUBMENU=true
GRUB_TERMINAL_OUTPUT="console"
GRUB_CMDLINE_LINUX="crashkernel=auto rd.lvm.lv=centos/root rhgb quiet"
GRUB_DISABLE_RECOVERY="true"
`;

export const rhel9 = `${rhel7}GRUB_ENABLE_BLSCFG=true\n`;

export const continued = String.raw`GRUB_CMDLINE_LINUX_DEFAULT="quiet \
  console=tty0 \
  console=ttyS0,115200n8"   # both
GRUB_CMDLINE_LINUX='net.ifnames=0'
`;

export const bare = 'GRUB_DEFAULT=saved\nGRUB_CMDLINE_LINUX_DEFAULT=quiet\nGRUB_CMDLINE_LINUX=\n';

export const concatenated = String.raw`A="x y"
GRUB_CMDLINE_LINUX_DEFAULT='a b'"$A"c
GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT splash" ; GRUB_TIMEOUT=3
export GRUB_TIMEOUT
`;

export const conditional = `GRUB_CMDLINE_LINUX="a"
if [ -e /etc/special ]; then
  GRUB_CMDLINE_LINUX="b"
fi
`;

export const files: readonly string[] = [
  debian,
  rhel7,
  rhel9,
  continued,
  bare,
  concatenated,
  conditional,
  '',
];
