# Reads a kickstart for the stand-in installer, strictly: what it does not know, it refuses.
#   awk -v mode=pre  -v file=ks.cfg -v out=DIR -f kickstart.awk   writes DIR/pre-<n>.sh and .options, looks at nothing else
#   awk -v mode=full -v file=ks.cfg -v out=DIR -f kickstart.awk   checks everything, follows %include, writes DIR/commands, post-<n>, onerror-<n>
# DIR/commands has one command a line, words separated by \001, options always as --name=value or --name.
# Exit 3 with the reason and the line on stdout when it refuses. Words are split as pykickstart does (Python's shlex with comments).

function refuse(reason, line) {
  # What follows a password may not reach a console.
  if (line ~ /^[ \t]*rootpw/) line = "rootpw ******"
  sub(/--password[= ].*/, "--password=******", line)
  print reason ": " line
  refused = 1
  exit 3
}

# Splits a line into word[1..count].
function split_words(line,   i, c, state, current, started) {
  count = 0; state = ""; current = ""; started = 0
  for (i = 1; i <= length(line); i++) {
    c = substr(line, i, 1)
    if (state == "'") { if (c == "'") state = ""; else current = current c; continue }
    if (state == "\"") {
      if (c == "\"") state = ""
      else if (c == "\\" && index("\"\\", substr(line, i + 1, 1))) current = current substr(line, ++i, 1)
      else current = current c
      continue
    }
    if (c == "#") break
    if (c == " " || c == "\t") { if (started) { word[++count] = current; current = ""; started = 0 } continue }
    started = 1
    if (c == "'" || c == "\"") state = c
    else if (c == "\\") { if (i == length(line)) refuse("a backslash at the end", line); current = current substr(line, ++i, 1) }
    else current = current c
  }
  if (state != "") refuse("a quote is not closed", line)
  if (started) word[++count] = current
}

function is_ipv4(text,   part, i, n) {
  n = split(text, part, ".")
  if (n != 4) return 0
  for (i = 1; i <= 4; i++) if (part[i] !~ /^[0-9]+$/ || part[i] + 0 > 255) return 0
  return 1
}

function check_network(line,   name, i, n, list, pair) {
  for (name in value) {
    if (name ~ /^--(ip|netmask|gateway)$/ && !is_ipv4(value[name])) refuse(name " is no IPv4 address", line)
    if (name ~ /^--(device|interfacename)$/ && value[name] !~ /^[A-Za-z0-9._-]+$/) refuse(name " is no interface name", line)
  }
  if (("--bootproto" in value) && value["--bootproto"] !~ /^(dhcp|static)$/) refuse("unknown --bootproto", line)
  if (value["--bootproto"] == "static" && !(("--ip" in value) && ("--netmask" in value))) refuse("static without --ip and --netmask", line)
  if (("--ip" in value) && value["--bootproto"] != "static") refuse("--ip without --bootproto=static", line)
  if (("--onboot" in value) && value["--onboot"] !~ /^(on|off|yes|no)$/) refuse("unknown --onboot", line)
  if (("--bindto" in value) && value["--bindto"] != "mac") refuse("unknown --bindto", line)
  if (("--vlanid" in value) && (value["--vlanid"] !~ /^[0-9]+$/ || value["--vlanid"] + 0 < 1 || value["--vlanid"] + 0 > 4094)) refuse("VLAN id out of range", line)
  if (!("--device" in value) && !("--hostname" in value)) refuse("network without --device", line)
  if (("--bondopts" in value) && !("--bondslaves" in value)) refuse("--bondopts without --bondslaves", line)
  if ("--bondslaves" in value && value["--bondslaves"] !~ /^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$/) refuse("bad --bondslaves", line)
  n = split(value["--bondopts"], list, /[,;]/)
  for (i = 1; i <= n; i++) {
    if (split(list[i], pair, "=") != 2) refuse("bad --bondopts", line)
    if (pair[1] !~ /^(mode|miimon|lacp_rate|xmit_hash_policy|primary|updelay|downdelay)$/) refuse("unknown bond option " pair[1], line)
    if (pair[1] == "mode" && pair[2] !~ /^([0-6]|balance-rr|active-backup|balance-xor|broadcast|802\.3ad|balance-tlb|balance-alb)$/) refuse("unknown bond mode", line)
  }
}

# Sets value[--name] and positional[1..positionals] from word[2..count].
function read_options(options, line,   i, name, at, rest) {
  positionals = 0
  split("", value)
  for (i = 2; i <= count; i++) {
    if (word[i] !~ /^--/) { positional[++positionals] = word[i]; continue }
    at = index(word[i], "=")
    name = at ? substr(word[i], 1, at - 1) : word[i]
    if (index(options, " " name "= ")) {
      if (at) value[name] = substr(word[i], at + 1)
      else if (i < count) value[name] = word[++i]
      else refuse(name " wants a value", line)
    } else if (index(options, " " name " ")) {
      if (at) refuse(name " takes no value", line)
      value[name] = ""
    } else refuse("unknown option " name, line)
  }
}

function command(line,   name, i, text) {
  split_words(line)
  if (count == 0) return
  name = word[1]
  if (!(name in known)) refuse("unknown command", line)
  read_options(known[name], line)
  if (positionals > most[name] || positionals < least[name]) refuse("wrong number of words", line)
  if (name == "network") check_network(line)
  text = name
  for (i in value) text = text "\001" i (index(known[name], " " i "= ") ? "=" value[i] : "")
  for (i = 1; i <= positionals; i++) text = text "\001" positional[i]
  if (mode == "full") print text >commands
}

function open_section(line,   name) {
  split_words(line)
  name = substr(word[1], 2)
  if (!(name in sections)) refuse("unknown section", line)
  read_options(sections[name], line)
  if (positionals > 0) refuse("unknown word", line)
  if (name != "packages" && ("--interpreter" in value) && value["--interpreter"] !~ /^(\/usr)?\/bin\/sh$/) refuse("only /bin/sh is here", line)
  section = name
  target = ""
  if ((mode == "pre") == (name == "pre") && name != "packages") {
    target = out "/" name "-" sprintf("%02d", ++numbers[name])
    printf "" >(target ".sh")
    printf "nochroot=%s\nerroronfail=%s\n", ("--nochroot" in value), ("--erroronfail" in value) >(target ".options")
    close(target ".options")
  }
}

function read_file(path, depth,   line, got) {
  # awk keeps one stream a path: a file that includes itself would never end.
  if (depth > 5 || reading[path]) refuse("%include goes round", path)
  reading[path] = 1
  while ((got = (getline line <path)) > 0) {
    if (section != "") {
      if (line ~ /^[ \t]*%end[ \t]*$/) { if (target != "") close(target ".sh"); section = "" }
      else if (target != "") print line >(target ".sh")
      else if (section == "packages" && mode == "full" && line !~ /^[ \t]*($|#|[@A-Za-z0-9_.+*^-]+[ \t]*$)/) refuse("unknown package line", line)
      continue
    }
    if (line ~ /^[ \t]*(#|$)/) continue
    if (line ~ /[\001-\010\013-\037\177]/) refuse("a control character", "(not shown)")
    if (line ~ /^%include[ \t]/) {
      split_words(line)
      if (mode == "pre") continue
      if (count != 2 || word[2] !~ /^\//) refuse("only %include of a local file is known", line)
      read_file(word[2], depth + 1)
    } else if (line ~ /^%/) open_section(line)
    else if (mode == "full") command(line)
  }
  if (got < 0) refuse("cannot read the file", path)
  close(path)
  reading[path] = 0
  if (section != "") refuse("%" section " has no %end", path)
}

function know(name, options, fewest, highest) {
  known[name] = " " options " "
  least[name] = fewest
  most[name] = highest
}

BEGIN {
  know("text", "--non-interactive", 0, 0); know("graphical", "--non-interactive", 0, 0); know("cmdline", "", 0, 0)
  know("vnc", "--password= --host= --port=", 0, 0)
  know("skipx", "", 0, 0); know("install", "", 0, 0); know("zerombr", "", 0, 0)
  know("firstboot", "--disable --disabled --enable --enabled --reconfig", 0, 0)
  know("lang", "--addsupport=", 1, 1); know("keyboard", "--vckeymap= --xlayouts= --switch=", 0, 1)
  know("timezone", "--utc --isUtc --nontp --ntpservers=", 0, 1)
  know("rootpw", "--iscrypted --lock --plaintext --allow-ssh", 0, 1)
  know("selinux", "--enforcing --permissive --disabled", 0, 0)
  know("firewall", "--enabled --enable --disabled --disable --service= --ssh --port=", 0, 0)
  know("services", "--enabled= --disabled=", 0, 0); know("eula", "--agreed", 0, 0)
  know("url", "--url= --mirrorlist= --noverifyssl --proxy=", 0, 0)
  know("network", "--device= --bootproto= --ip= --netmask= --gateway= --nameserver= --hostname= --onboot= --activate --no-activate --noipv4 --noipv6 --nodefroute --bondslaves= --bondopts= --vlanid= --interfacename= --bindto= --mtu=", 0, 0)
  know("ignoredisk", "--only-use= --drives=", 0, 0)
  know("clearpart", "--all --none --linux --initlabel --drives= --disklabel=", 0, 0)
  know("autopart", "--type= --fstype= --nohome --nolvm --noswap --noboot", 0, 0)
  know("bootloader", "--location= --boot-drive= --append= --driveorder= --timeout=", 0, 0)
  know("reboot", "--eject", 0, 0); know("poweroff", "", 0, 0); know("shutdown", "", 0, 0); know("halt", "", 0, 0)
  scripts = " --interpreter= --log= --erroronfail "
  sections["pre"] = scripts; sections["onerror"] = scripts; sections["post"] = scripts "--nochroot "
  sections["packages"] = " --ignoremissing --nocore --excludedocs --default --retries= --timeout= --inst-langs= "
  commands = out "/commands"
  if (mode == "full") printf "" >commands
  read_file(file, 0)
  if (!refused) close(commands)
}
