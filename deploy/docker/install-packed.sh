#!/bin/sh
# install-packed.sh BUILT MODULES: packs each package of BUILT (npm run build) as npm would publish it, and unpacks it
# into the folder MODULES, in the place of the link to its source. Other links to workspaces are removed. Of RocksDB it
# takes the library of this system alone, and puts our package in the place of upstream's, as npm would.
set -eu
built=$(cd "$1" && pwd)
modules=$(cd "$2" && pwd)
packed=$(mktemp -d)
host=$(node -p 'process.platform + "-" + process.arch')
for manifest in "$built"/*/package.json; do
  name=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1], "utf8")).name' "$manifest")
  case $name in
    @tailrace/rocksdb) name=rocksdb-native ;;
    "@tailrace/rocksdb-$host") ;;
    @tailrace/rocksdb-*) continue ;;
  esac
  tarball=$(npm pack "$(dirname "$manifest")" --silent --pack-destination "$packed")
  rm -rf "${modules:?}/$name"
  mkdir -p "$modules/$name"
  tar -xzf "$packed/$tarball" -C "$modules/$name" --strip-components=1
done
rm -rf "$packed" "$modules/.bin"
find "$modules" -maxdepth 2 -type l -delete
