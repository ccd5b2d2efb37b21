#!/bin/sh
# Called by udhcpc with the event in $1 and the lease in the environment.
# shellcheck disable=SC2154 # interface, ip, mask, router, dns, domain come from udhcpc

case $1 in
  deconfig)
    ip addr flush dev "$interface"
    ip link set "$interface" up
    ;;
  bound | renew)
    ip addr flush dev "$interface"
    ip addr add "$ip/${mask:-24}" dev "$interface"
    for gateway in $router; do
      ip route replace default via "$gateway" dev "$interface" && break
    done
    : >/etc/resolv.conf
    [ -z "$domain" ] || echo "search $domain" >>/etc/resolv.conf
    for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
    echo "$ip/${mask:-24}" >/run/rackwright-address
    ;;
esac
exit 0
