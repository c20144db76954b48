import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { stateStoreConformance } from '../../../test/conformance/state-store.ts'
import { openMemoryStore } from './memory-store.ts'
import { openRocksStore } from './rocks-store.ts'

describe('the store in RocksDB', () => {
  stateStoreConformance(() => {
    const folder = mkdtemp(join(tmpdir(), 'tailrace-store-'))
    return {
      open: async () => openRocksStore(join(await folder, 'state')),
      durable: true,
      openCopy: async () => {
        const copy = join(await folder, 'copy')
        // Without RocksDB's own log, which is not synced: what is left was flushed.
        await cp(join(await folder, 'state'), copy, { recursive: true, filter: (path) => !path.endsWith('.log') })
        return openRocksStore(copy)
      },
      dispose: async () => rm(await folder, { recursive: true, force: true }),
    }
  })
})

describe('the store in memory', () => {
  stateStoreConformance(() => ({ open: async () => openMemoryStore(), durable: false, dispose: async () => {} }))
})
