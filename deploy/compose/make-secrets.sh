#!/bin/sh
# make-secrets.sh [FOLDER]
# Makes certificates, the admin token and the password of Grafana, and gives each service its own: FOLDER/NAME is the
# volume of the service NAME, and FOLDER is /secrets by default. Secrets that exist stay; certificates are renewed each
# time, by the CA that is there.
set -eu
umask 077
secrets=${1:-/secrets}
authority=$secrets/authority

# give SERVICE OWNER FILE NAME
give() {
  install -o "$2" -g "$2" -m 0400 "$3" "$secrets/$1/$4"
}

random() {
  [ -s "$1" ] || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' > "$1"
}

known=''
if [ -s "$authority/ca.key" ] && [ -s "$authority/ca.crt" ]; then known="--ca $authority"; fi
# shellcheck disable=SC2086
tailrace certs create --brokers 3 --cascades 101,102 --out "$authority" $known
random "$authority/admin.token"
random "$authority/grafana.password"

for broker in broker-1 broker-2 broker-3 cascade-101 cascade-102; do
  give "$broker" 1000 "$authority/ca.crt" ca.crt
  give "$broker" 1000 "$authority/$broker.crt" broker.crt
  give "$broker" 1000 "$authority/$broker.key" broker.key
done
give broker-1 1000 "$authority/admin.token" admin.token
give set-up 0 "$authority/ca.crt" ca.crt
give set-up 0 "$authority/admin.token" admin.token
give demo 1000 "$authority/ca.crt" ca.crt
give prometheus 65534 "$authority/ca.crt" ca.crt
give grafana 472 "$authority/grafana.password" password
