import { describe, expect, it } from 'vitest'
import { type CopyManifest, decodeManifest, encodeManifest } from './copy-manifest.ts'

const ends = { prevIndex: 3, prevTerm: 1, startOffset: 2, lastIndex: 9, lastTerm: 2, endOffset: 8 }
const manifest: CopyManifest = {
  description: {
    ...ends,
    terms: [{ term: 2, index: 4, offset: 2 }],
    configurations: [{ index: 4, batch: new Uint8Array([0, 127, 255]) }],
  },
  files: [
    { name: '0000-1.log', bytes: 0 },
    { name: 'b', bytes: 2 ** 40, appendedAt: 0 },
  ],
  stateBytes: 0,
}
const malformed = expect.objectContaining({ code: 'MALFORMED_FRAME' })

/** The manifest as JSON, changed, and read again. */
function changed(change: (written: ReturnType<typeof JSON.parse>) => void): CopyManifest {
  const written = JSON.parse(new TextDecoder().decode(encodeManifest(manifest)))
  change(written)
  return decodeManifest(new TextEncoder().encode(JSON.stringify(written)))
}

describe('the manifest of a copy', () => {
  it('is read as it was written', () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest)
    const unknown = { ...manifest, stateBytes: null }
    expect(decodeManifest(encodeManifest(unknown))).toEqual(unknown)
  })

  it('may describe a log that holds nothing', () => {
    const empty = { ...ends, lastIndex: 3, lastTerm: 1, endOffset: 2 }
    expect(changed(({ description }) => Object.assign(description, empty)).description).toMatchObject(empty)
  })

  it.each([
    ['ends before it begins', (m) => Object.assign(m.description, { lastIndex: 2 })],
    ['has its last offset before its first', (m) => Object.assign(m.description, { endOffset: 1 })],
    ['ends in an earlier term than it begins', (m) => Object.assign(m.description, { lastTerm: 0 })],
    ...Object.keys(ends).map((name): Case => [`has no ${name}`, (m) => delete m.description[name]]),
    ['has a place below zero', (m) => Object.assign(m.description, { startOffset: -1 })],
    ['has half a byte', (m) => (m.files[0].bytes = 0.5)],
    ['has a state of no length', (m) => delete m.stateBytes],
    ['has a state that is text', (m) => (m.stateBytes = '1')],
    ['has a time that is none', (m) => (m.files[1].appendedAt = 'now')],
    ['has a term that is none', (m) => (m.description.terms[0].term = null)],
    ['has no list of terms', (m) => (m.description.terms = {})],
    ['has no list of files', (m) => (m.files = null)],
    ['has a file that is none', (m) => (m.files[0] = null)],
    ['has a file with a path', (m) => (m.files[0].name = '../a')],
    ['has a file whose name begins with a dot', (m) => (m.files[0].name = '.a')],
    ['has a file whose name is a number', (m) => (m.files[0].name = 7)],
    ['has a configuration that is none', (m) => (m.description.configurations[0].batch = 7)],
    ['has no version', (m) => delete m.version],
    ['has an older version', (m) => (m.version = 0)],
  ] satisfies Case[])('is refused when it %s', (_, change) => {
    expect(() => changed(change)).toThrow(malformed)
  })

  it('is refused when it is no JSON object, and by name when a newer version wrote it', () => {
    for (const text of ['', 'null', '[]', '7', '{}', '{"files":[]}']) {
      expect(() => decodeManifest(new TextEncoder().encode(text)), text).toThrow(malformed)
    }
    expect(() => changed((m) => (m.version = 99))).toThrow(expect.objectContaining({ code: 'NEWER_FORMAT' }))
  })
})

type Case = [string, (written: ReturnType<typeof JSON.parse>) => unknown]
