import { expect, test } from 'vitest'
import { openLogStorage } from '../../broker/src/log/open.ts'
import type { Disk } from '../../broker/src/platform/disk.ts'
import { MemoryDisk } from '../../broker/src/platform/memory/disk.ts'
import { nodeCrc32c } from '../../broker/src/platform/node/checksum.ts'
import { settled } from '../../broker/src/platform/testing/clock.ts'
import { promptClock } from '../../broker/src/platform/testing/prompt-clock.ts'
import { Acknowledgements } from '../conformance/log-writer.ts'

const BLOCK = 4096
const options = {
  folder: 'data/log',
  journalFileBytes: 256 * 1024,
  segmentBytes: 64 * 1024,
  tailBytes: 16 * 1024,
  directBytes: 12 * 1024,
  diskReserveBytes: 0,
}

/**
 * The disk, on which the first `count` rounds of the journal are written where `aim` says; null: nowhere. It confirms
 * them all.
 */
function misdirecting(disk: Disk, count: number, aim: (round: number) => number | null): Disk {
  let round = 0
  return {
    ...disk,
    async open(path) {
      const file = await disk.open(path)
      if (!path.endsWith('.journal')) return file
      return {
        ...file,
        async write(pieces, position) {
          // Files are filled with zeros ahead of their use.
          if (pieces[0]![4] === 0 || round >= count) return file.write(pieces, position)
          const block = aim(round++)
          if (block !== null) await file.write(pieces, block * BLOCK)
        },
      }
    },
  }
}

const aims: Record<string, (round: number) => number | null> = {
  nowhere: () => null,
  'one place, over each other': () => 40,
  'places that follow each other': (round) => 20 + round,
  'the place of the next one': (round) => round + 1,
}

for (const [name, aim] of Object.entries(aims)) {
  test(`first rounds of a journal that went to ${name} are known to be lost: no replica comes back empty`, async () => {
    for (let count = 1; count <= 5; count++) {
      for (let power = 0; power < 2; power++) {
        const disk = new MemoryDisk()
        const storage = await openLogStorage(
          { disk: misdirecting(disk.mount(), count, aim), clock: promptClock, crc32c: nodeCrc32c },
          options,
        )
        const acks = new Acknowledgements(storage)
        const writer = acks.writer(storage.create(1))
        for (let round = 1; round < count; round++) {
          writer.write({ vote: { term: round, votedFor: 2 }, sizes: [100] })
          for (let turn = 0; turn < 6; turn++) await settled()
        }
        expect(writer.acknowledged).toBe(writer.snapshots.length - 1)
        disk.crash((bound) => (power === 1 ? 0 : bound - 1))
        const again = await openLogStorage({ disk: disk.mount(), clock: promptClock, crc32c: nodeCrc32c }, options)
        const found = again.group(1)
        // Only the opening was written: no record was acknowledged.
        if (count === 1) continue
        const told = found === undefined ? again.mayHaveForgotten : found.damage !== null
        expect(told, `${count} rounds, ${power === 1 ? 'power lost' : 'killed'}`).toBe(true)
      }
    }
  })
}
