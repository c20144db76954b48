import { Acknowledgements, type LogWriter } from '../../../../test/conformance/log-writer.ts'
import type { Clock } from '../../platform/clock.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import type { LogStorage } from '../log-storage.ts'
import { openLogStorage } from '../open.ts'

/** Everything so small that a few writes fill it. */
export const options = {
  folder: 'log',
  journalFileBytes: 32 * 1024,
  segmentBytes: 16 * 1024,
  tailBytes: 16 * 1024,
  directBytes: 6 * 1024,
  diskReserveBytes: 0,
}
/** Short waits are over at once, and long ones never. */
export const hastyClock: Clock = {
  ...promptClock,
  after(ms, call) {
    let cancelled = ms > 100
    promptClock.soon(() => {
      if (!cancelled) call()
    })
    return {
      cancel: () => {
        cancelled = true
      },
    }
  },
}
export const open = (disk: MemoryDisk): Promise<LogStorage> =>
  openLogStorage({ disk: disk.mount(), clock: hastyClock, crc32c: nodeCrc32c }, options)

/** A journal whose last rounds hold entries of two groups, all acknowledged; nothing but the journal has them. */
export async function journalOnly(): Promise<{
  disk: MemoryDisk
  writers: LogWriter[]
  path: string
  from: number
  to: number
}> {
  const disk = new MemoryDisk()
  const storage = await open(disk)
  const acks = new Acknowledgements(storage)
  const writers = [1, 2].map((id) => acks.writer(storage.create(id)))
  writers[0]!.write({ vote: { term: 1, votedFor: 1 }, sizes: [50] })
  writers[1]!.write({ vote: { term: 1, votedFor: 2 }, sizes: [50] })
  await settled()
  const path = 'log/journal/00000001.journal'
  const from = storage.metrics.rounds
  writers[0]!.write({ sizes: [60, 4500] })
  await settled()
  writers[1]!.write({ vote: { term: 2, votedFor: 1 }, sizes: [70] })
  await settled()
  const isDurable = (writer: LogWriter): boolean => writer.acknowledged === writer.snapshots.length - 1
  if (storage.metrics.rounds - from !== 2 || !writers.every(isDurable)) throw new Error('not in two rounds')
  // Opening and first round take a block each; then two blocks, then one.
  return { disk, writers, path, from: 2 * 4096, to: 5 * 4096 }
}
