import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32c } from '@tailrace/schemas'
import { describe } from 'vitest'
import { type CommittedLogsUnderTest, committedLogsConformance } from '../../../test/conformance/committed-logs.ts'
import { type LogStorageUnderTest, logStorageConformance, smallOptions } from '../../../test/conformance/log-storage.ts'
import { logTransferConformance } from '../../../test/conformance/log-transfer.ts'
import { MemoryDisk } from '../platform/memory/disk.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeDisk } from '../platform/node/disk.ts'
import { promptClock } from '../platform/testing/prompt-clock.ts'
import { openLogStorage } from './open.ts'

async function onMachine(): Promise<LogStorageUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-log-'))
  const deps = { disk: nodeDisk, clock: nodeClock, crc32c: nodeCrc32c }
  return {
    open: (options) => openLogStorage(deps, { ...options, folder: `${folder}/log` }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
}

async function inMemory(): Promise<LogStorageUnderTest> {
  const deps = { disk: new MemoryDisk(), clock: promptClock, crc32c }
  return { open: (options) => openLogStorage(deps, { ...options, folder: 'log' }), dispose: async () => {} }
}

async function forCopies(): Promise<CommittedLogsUnderTest> {
  const { open } = await inMemory()
  const logs = await open(smallOptions)
  return { logs, dispose: () => logs.close() }
}

describe('logs on the disk of the machine', () => {
  logStorageConformance(onMachine)
  logTransferConformance(onMachine)
})

describe('logs on a disk in memory', () => {
  logStorageConformance(inMemory)
  logTransferConformance(inMemory)
  committedLogsConformance(forCopies)
})
