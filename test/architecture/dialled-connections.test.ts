import { describe, expect, it } from 'vitest'
import { parseSource } from './parsed-source.ts'
import { impurities } from './purity.ts'

describe('connections that a broker opens', () => {
  const found = (text: string, path: string) => impurities([parseSource(path, text)])

  it.each([
    "import { request } from 'node:http'",
    "import https from 'https'",
    "import { WebSocket } from 'ws'",
    "const { fetch } = await import('undici')",
    "await fetch('http://a/b')",
    "new WebSocket('ws://a')",
    'createHttpClient({ clock, dial: null })',
  ])('finds a connection past the surroundings: %s', (text) => {
    for (const area of ['cascade/upstream', 'cluster', 'start'])
      expect(found(text, `broker/src/${area}/a.ts`)).toHaveLength(1)
    for (const path of ['broker/src/cli/a.ts', 'broker/src/platform/node/a.ts', 'broker/src/cascade/a.test.ts'])
      expect(found(text, path)).toEqual([])
  })

  it.each([
    'function fetch(a) { return a }\nfetch(1)',
    'const read = (fetch) => fetch(1)',
    'api.fetch(1)',
    'createHttpClient({ clock, dial })',
    "import type { Server } from 'node:http'",
    'interface A { dial: null }',
  ])('takes none for one: %s', (text) => {
    expect(found(text, 'broker/src/cascade/a.ts')).toEqual([])
  })
})
