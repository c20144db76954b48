#!/bin/sh
# Publishes ten readings a second, of ten sensors in turns, until it is stopped.
set -eu
count=0
while :; do
  count=$((count + 1))
  printf '{"sensor":"sensor-%d","reading":%d}\n' "$((count % 10))" "$count"
  sleep 0.1
done | tailrace publish demo --key-field sensor
