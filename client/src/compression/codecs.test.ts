import { randomBytes } from 'node:crypto'
import { Compression } from '@tailrace/schemas'
import { beforeAll, describe, expect, it } from 'vitest'
import { codecs as browser } from './browser.ts'
import { codecs as node } from './node.ts'

const text = new TextEncoder().encode('tailrace '.repeat(20_000))
const noise = new Uint8Array(randomBytes(100_000))
const platforms = { node, browser }
beforeAll(async () => {
  for (const compression of [Compression.gzip, Compression.zstd]) await browser.load(compression)
})

it('loads the code of a compression once, and has nothing to load for others', () => {
  for (const codecs of [node, browser])
    for (const compression of Object.values(Compression)) expect(codecs.load(compression)).toBeUndefined()
})

describe.each(Object.entries(platforms))('%s decompresses what', (_name, reader) => {
  describe.each(Object.entries(platforms))('%s compressed', (_writer, writer) => {
    it.each(writer.writes)('with %s', (name) => {
      for (const records of [text, noise, new Uint8Array([7])]) {
        const compressed = writer.compressors[name]!(records)
        const back = reader.decompressors[Compression[name]]!(compressed, records.length)
        expect(Buffer.compare(back, records)).toBe(0)
      }
    })
  })

  it.each(['gzip', 'zstd'] as const)('refuses a %s bomb', (name) => {
    const bomb = node.compressors[name]!(new Uint8Array(8 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(50_000)
    expect(() => reader.decompressors[Compression[name]]!(bomb, 8 * 1024 * 1024)).not.toThrow()
    expect(() => reader.decompressors[Compression[name]]!(bomb, 8 * 1024 * 1024 - 1)).toThrow()
  })

  it.each(['gzip', 'zstd'] as const)('throws on %s garbage', (name) => {
    for (const bytes of [new Uint8Array(0), noise, node.compressors[name]!(text).subarray(0, 30)]) {
      expect(() => reader.decompressors[Compression[name]]!(bytes, 1_000_000)).toThrow()
    }
  })
})
