import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chromiumForTests, findChromium } from './chromium.ts'
import { skipped } from './skipped.ts'

const isElsewhere = skipped(
  process.platform !== 'linux',
  'which browser is taken from PATH: on Windows and macOS it is in a fixed place, whatever PATH says.',
)

describe.skipIf(isElsewhere)('the browser for tests', () => {
  it('is the one that is named, else the first on PATH', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tailrace-browser-'))
    expect(findChromium({ PATH: folder })).toBeNull()
    writeFileSync(join(folder, 'google-chrome'), '')
    chmodSync(join(folder, 'google-chrome'), 0o755)
    expect(findChromium({ PATH: folder })).toBe(join(folder, 'google-chrome'))
    expect(findChromium({ PATH: folder, CHROMIUM_PATH: '/opt/c' })).toBe('/opt/c')
  })

  it('may be missing on a machine, not in CI', () => {
    expect(chromiumForTests({ PATH: '' })).toBeNull()
    expect(() => chromiumForTests({ PATH: '', CI: 'true' })).toThrow('no Chromium was found')
  })
})
