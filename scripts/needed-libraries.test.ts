import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { neededLibraries, withoutNeeded } from './needed-libraries.ts'

const unused = 'libatomic.so.1'

describe.each(['linux-x64', 'linux-arm64'])('the library of RocksDB for %s', (host) => {
  const path = `../node_modules/rocksdb-native/prebuilds/${host}/rocksdb-native.node`
  const library = readFileSync(fileURLToPath(new URL(path, import.meta.url)))

  it('is loaded without a library that it only names', () => {
    const before = neededLibraries(library)
    expect(before).toContain(unused)
    expect(before).toContain('libstdc++.so.6')
    const changed = withoutNeeded(library, unused)
    expect(neededLibraries(changed)).toEqual(before.filter((name) => name !== unused))
    expect(changed.length).toBe(library.length)
  })

  it('has no other byte changed than those of its dynamic section', () => {
    const changed = withoutNeeded(library, unused)
    const differs = (byte: number, at: number): boolean => byte !== library[at]
    const first = changed.findIndex(differs)
    expect(first).toBeGreaterThan(0)
    expect(changed.findLastIndex(differs) - first).toBeLessThan(40 * 16)
  })

  it.each(['libc.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libstdc++.so.6'])('keeps %s, whose symbols it uses', (name) => {
    expect(() => withoutNeeded(library, name)).toThrow(`The library uses symbols of ${name}.`)
  })

  it('is refused where it does not name the library', () => {
    const changed = withoutNeeded(library, unused)
    expect(() => withoutNeeded(changed, unused)).toThrow(`The library does not name ${unused}.`)
  })
})

it.each([
  ['an empty file', Buffer.alloc(0)],
  ['a text', Buffer.from('#!/bin/sh\n')],
])('%s is refused', (_, file) => {
  expect(() => neededLibraries(file)).toThrow('This is no ELF file')
})
