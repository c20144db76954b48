/**
 * What does a copy of a partition of 1 GB cost producers that publish meanwhile (M44), and how much memory does it take
 * (M54)? Durable writes of 16 KiB, one after the other: alone, while the copy is read in pieces of 256 KiB, at most 32
 * MiB a second (the setting replicationBytesPerSecond) and as fast as it goes, and while it is put in place on another
 * broker's log on the same disk. Run: npx node test/bench/log/copy.ts [megabytes]
 */

import { setTimeout as pause } from 'node:timers/promises'
import type { GroupLog, LogCopy, LogStorage } from '../../../broker/src/log/log-storage.ts'
import { CopyThrottle } from '../../../broker/src/partition/copies/copy-throttle.ts'
import { nodeClock } from '../../../broker/src/platform/node/clock.ts'
import { recordsBatch } from '../../conformance/log-writer.ts'
import { benchFolder, MIB, openBench, runLog, writeOf } from './workload.ts'

const megabytes = Number(process.argv[2] ?? 1024)
const PIECE_BYTES = 256 * 1024
const LIMIT_BYTES_PER_SECOND = 32 * MIB
const template = recordsBatch(0, 1, 1, 16 * 1024, 1000)

const { folder, dispose } = await benchFolder()
const source = await openBench(`${folder}/source`, {})
const target = await openBench(`${folder}/target`, {})
const large = { groups: 1, bytesPerGroup: 1 * MIB, batchBytes: 64 * 1024, seconds: 0.5 }
while ((source.group(1)?.sizeBytes ?? 0) < megabytes * MIB) await runLog(source, large)
const log = source.group(1)!
await log.seal()
target.create(1)

const alone = await publishing(source, log, pause(5000))
const began = performance.now()
const copy = log.copy()
const opened = performance.now() - began
const throttle = new CopyThrottle(nodeClock, LIMIT_BYTES_PER_SECOND)
const limited = await publishing(
  source,
  log,
  readAll(copy, () => throttle.take(PIECE_BYTES)),
)
const read = await publishing(
  source,
  log,
  readAll(copy, async () => {}),
)
const installed = await publishing(source, log, install(copy))
await copy.close()
console.log(`opening the copy took ${opened.toFixed(1)} ms`)
console.table({
  alone,
  'while it is read at 32 MiB/s': limited,
  'while it is read': read,
  'while it is also put in place': installed,
})
for (const storage of [source, target]) await storage.close()
await dispose()

async function readAll(copy: LogCopy, take: (name: string, at: number, piece: Uint8Array) => Promise<void>) {
  for (const { name, bytes } of copy.files) {
    for (let at = 0; at < bytes; ) {
      const piece = await copy.read(name, at, Math.min(PIECE_BYTES, bytes - at))
      await take(name, at, piece)
      at += piece.length
    }
  }
}

async function install(copy: LogCopy): Promise<void> {
  const incoming = await target.beginInstall(1, copy.description, copy.files)
  await readAll(copy, (name, at, piece) => incoming.write(name, at, piece))
  await incoming.finish()
}

/** Publishes until `end`, one durable write after the other. */
async function publishing(storage: LogStorage, group: GroupLog, end: Promise<void>) {
  const waits: number[] = []
  const before = process.memoryUsage().rss
  let most = before
  let going = true
  let ticket = 1e9 + Math.round(performance.now() * 1000)
  void end.then(() => {
    going = false
  })
  const start = performance.now()
  while (going) {
    const from = performance.now()
    await new Promise<void>((resolve) => {
      storage.onDurable = () => resolve()
      group.write(writeOf(group, template, 1, ++ticket))
    })
    waits.push(performance.now() - from)
    most = Math.max(most, process.memoryUsage().rss)
  }
  await end
  waits.sort((a, b) => a - b)
  const at = (share: number): number => Number(waits[Math.floor(waits.length * share)]!.toFixed(2))
  return {
    seconds: Number(((performance.now() - start) / 1000).toFixed(1)),
    writes: waits.length,
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
    'max ms': Number(waits.at(-1)!.toFixed(2)),
    'more memory MiB': Math.round((most - before) / MIB),
  }
}
