import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EntryKind } from '@tailrace/schemas'
import type { GroupLog, LogStorage, LogStorageOptions } from '../../../broker/src/log/log-storage.ts'
import { openLogStorage } from '../../../broker/src/log/open.ts'
import { nodeCrc32c } from '../../../broker/src/platform/node/checksum.ts'
import { nodeClock } from '../../../broker/src/platform/node/clock.ts'
import { nodeDisk } from '../../../broker/src/platform/node/disk.ts'
import { recordsBatch } from '../../conformance/log-writer.ts'

export const MIB = 1024 * 1024

export const benchOptions = {
  journalFileBytes: 64 * MIB,
  segmentBytes: 128 * MIB,
  tailBytes: 64 * MIB,
  diskReserveBytes: 0,
}

/** One run: rounds that each carry `bytesPerGroup` for each of `groups` groups, in batches of `batchBytes`. */
export interface Workload {
  readonly groups: number
  readonly bytesPerGroup: number
  readonly batchBytes: number
  readonly seconds: number
}

export interface Measured {
  readonly megabytes: number
  readonly seconds: number
  readonly rounds: number
  readonly cpuSeconds: number
}

export function perSecond({ megabytes, seconds, rounds, cpuSeconds }: Measured) {
  return { 'MB/s': megabytes / seconds, 'rounds/s': rounds / seconds, 'CPU ms/MB': (cpuSeconds * 1000) / megabytes }
}

/** A folder on the disk that is measured: beside the working directory, since /tmp may be memory. */
export async function benchFolder(): Promise<{ folder: string; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(process.cwd(), '.bench-log-'))
  return { folder, dispose: () => rm(folder, { recursive: true, force: true }) }
}

export function openBench(folder: string, options: Partial<LogStorageOptions>): Promise<LogStorage> {
  const deps = { disk: nodeDisk, clock: nodeClock, crc32c: nodeCrc32c }
  return openLogStorage(deps, { ...benchOptions, directBytes: 256 * 1024, ...options, folder })
}

/** Writes round after round, each when the last is durable, for so many seconds after a warm-up. */
export async function runLog(storage: LogStorage, workload: Workload): Promise<Measured> {
  const logs = Array.from({ length: workload.groups }, (_, i) => storage.group(i + 1) ?? storage.create(i + 1))
  const template = recordsBatch(0, 1, 1, Math.max(1, workload.batchBytes - 80), 1000)
  const batches = Math.max(1, Math.round(workload.bytesPerGroup / template.length))
  let missing = 0
  let wake = () => {}
  let ticket = 0
  storage.onDurable = () => {
    if (--missing === 0) wake()
  }
  storage.onFailure = (error) => {
    throw error
  }
  const round = (): Promise<void> => {
    missing = logs.length
    ticket++
    for (const log of logs) log.write(writeOf(log, template, batches, ticket))
    return new Promise((resolve) => {
      wake = resolve
    })
  }
  const roundBytes = logs.length * batches * template.length
  // Past the first lap of the journal, so that its files are recycled ones.
  for (let bytes = 0; bytes < Math.min(200 * MIB, roundBytes * 2000); bytes += roundBytes) await round()
  return measure(workload.seconds, roundBytes, round)
}

export async function measure(seconds: number, roundBytes: number, round: () => Promise<void>): Promise<Measured> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  let rounds = 0
  while (performance.now() - start < seconds * 1000) {
    await round()
    rounds++
  }
  const used = process.cpuUsage(cpu)
  const elapsed = (performance.now() - start) / 1000
  return {
    megabytes: (rounds * roundBytes) / 1e6,
    seconds: elapsed,
    rounds,
    cpuSeconds: (used.user + used.system) / 1e6,
  }
}

/** The same batch again and again, with the offset of its place: as a leader writes it into a producer's batch. */
export function writeOf(log: GroupLog, template: Uint8Array, count: number, ticket: number) {
  const entries = []
  const payloads = []
  for (let i = 0; i < count; i++) {
    const batch = Buffer.allocUnsafe(template.length)
    batch.set(template)
    const baseOffset = log.endOffset + i
    batch.writeBigInt64BE(BigInt(baseOffset), 0)
    const index = log.lastIndex + 1 + i
    entries.push({ index, term: 1, kind: EntryKind.Records, baseOffset, lastOffset: baseOffset, bytes: batch.length })
    payloads.push(batch)
  }
  return { hardState: null, truncateFrom: null, entries, payloads, ticket }
}

/**
 * The least that durability costs: one write and one fdatasync of the same bytes, over and over in one file that is
 * allocated.
 */
export async function runFloor(folder: string, workload: Workload): Promise<Measured> {
  const bytes = new Uint8Array(Math.ceil((workload.bytesPerGroup * workload.groups) / 4096) * 4096).fill(7)
  const file = await nodeDisk.open(join(folder, 'floor'))
  const size = Math.max(64 * MIB, bytes.length)
  for (let at = 0; at < size; at += bytes.length) await file.write([bytes], at)
  await file.sync()
  let position = 0
  const measured = await measure(workload.seconds, workload.bytesPerGroup * workload.groups, async () => {
    if (position + bytes.length > size) position = 0
    await file.write([bytes], position)
    await file.sync()
    position += bytes.length
  })
  await file.close()
  return measured
}
