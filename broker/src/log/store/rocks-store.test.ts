import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { stateStoreConformance } from '../../../../test/conformance/state-store.ts'
import { skipped } from '../../../../test/runner/skipped.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { MemoryStateStore } from './memory-state-store.ts'
import { openRocksStore } from './rocks-store.ts'

const options = { monotonic: () => performance.now() }

describe('the store in RocksDB', () => {
  stateStoreConformance(() => {
    const folder = mkdtemp(join(tmpdir(), 'tailrace-store-'))
    return {
      open: async () => openRocksStore(join(await folder, 'state'), options),
      durable: true,
      openCopy: async () => {
        const copy = join(await folder, 'copy')
        // Without RocksDB's own log, which is not synced: only flushed data is left.
        await cp(join(await folder, 'state'), copy, { recursive: true, filter: (path) => !path.endsWith('.log') })
        return openRocksStore(copy, options)
      },
      dispose: async () => rm(await folder, { recursive: true, force: true }),
    }
  })
})

describe('the store in memory', () => {
  stateStoreConformance(() => ({ open: async () => new MemoryStateStore(), durable: false, dispose: async () => {} }))
})

describe('the double that outlives a broker', () => {
  stateStoreConformance(() => ({ open: async () => new MemoryStore(), durable: false, dispose: async () => {} }))
})

/**
 * Fills a store under a limit of the size of files, which stands for a full disk: after the first failed write RocksDB
 * itself takes no other.
 */
const fill = `
import { openRocksStore } from '${join(import.meta.dirname, 'rocks-store.ts')}'
let asked = 0
const store = await openRocksStore(process.argv[1], { monotonic: () => performance.now(), makeRoom: async () => void asked++ })
const snapshot = store.snapshot()
const value = new Uint8Array(10_000)
for (let i = 0; i < 150; i++) await store.write([['key' + (i % 20), value]])
let kept = 0
for (let i = 0; i < 20; i++) if ((await store.get('key' + i)) !== null) kept++
await snapshot.close().catch(() => undefined)
await store.close()
console.log(JSON.stringify({ asked, kept }))
`

const noUlimit = skipped(
  process.platform === 'win32',
  'a full disk under the state store: Windows has no ulimit to stand in for it.',
)

test.skipIf(noUlimit)('a store works again after a write that failed for lack of space', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-store-'))
  try {
    // 2000 blocks of 512 bytes.
    const command = 'ulimit -f 2000; exec "$0" --input-type=module -e "$1" "$2"'
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, fill, join(folder, 'state')])
    const { asked, kept } = JSON.parse(stdout)
    expect(asked).toBeGreaterThan(0)
    expect(kept).toBe(20)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
