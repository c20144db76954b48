import { expect, it } from 'vitest'
import { loadRocksDb, whatIsMissing } from './load-rocksdb.ts'

const host = { platform: 'linux', arch: 'x64', lacksGlibc: false }

it('loads it here', async () => {
  expect(await loadRocksDb()).toBeTypeOf('function')
})

it.each([
  [
    'libatomic.so.1: cannot open shared object file: No such file or directory',
    /libatomic\.so\.1 is not installed: "apt-get install libatomic1"/,
  ],
  ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by x.node)", /older than GLIBC_2\.34/],
  ["Cannot find module '@tailrace/rocksdb-linux-x64'", /linux-x64 is not installed: .*--include=optional/],
  ['something else\nwith a second line', /^RocksDB for linux-x64 cannot be loaded: something else$/],
])('says what to do about "%s"', (message, told) => {
  const cannotLoad = new Error("Cannot load addon 'file:///x.node'", { cause: new Error(message) })
  for (const error of [new Error(message), cannotLoad]) expect(whatIsMissing(error, host)).toMatch(told)
})

it('says that there is none for musl, whatever the loader says', () => {
  const error = new Error('Error loading shared library ld-linux-x86-64.so.2: No such file or directory')
  expect(whatIsMissing(error, { ...host, lacksGlibc: true })).toMatch(/musl.*glibc/)
})
