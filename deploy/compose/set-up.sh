#!/bin/sh
# set-up.sh [FOLDER]
# Makes the topic of the demo, the rules, and a token for each service, as the administrator of broker 1. What exists
# stays, so it may run again. FOLDER/NAME is the volume of the service NAME; FOLDER is /secrets by default.
set -eu
umask 077
secrets=${1:-/secrets}

# token SERVICE OWNER OPTION...
token() {
  service=$1
  owner=$2
  shift 2
  file=$secrets/$service/token
  [ ! -s "$file" ] || return 0
  tailrace token create --principal "$service" --expires 365d "$@" > "$file.new"
  chown "$owner:$owner" "$file.new"
  mv "$file.new" "$file"
}

tailrace topic describe demo > /dev/null 2>&1 || tailrace topic create demo --partitions 6 --replicas 3

# Cascade brokers show their certificates.
for cascade in Cascade:101 Cascade:102; do
  tailrace acl add --principal "$cascade" --operations cluster-action --cluster
  tailrace acl add --principal "$cascade" --operations read --topics '*'
done
tailrace acl add --principal prometheus --operations describe --cluster
tailrace acl add --principal demo --operations write --topics demo

token prometheus 65534 --operations describe --cluster
token demo 1000 --operations write --topics demo
