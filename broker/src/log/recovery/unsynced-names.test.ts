import { expect, test } from 'vitest'
import { Acknowledgements, difference } from '../../../../test/conformance/log-writer.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { settled } from '../../platform/testing/clock.ts'
import { open } from '../testing/small-log.ts'

const SIZES = [200, 300, 400, 500]

test('a file that one process removed does not come back beside what later ones wrote', async () => {
  const disk = new MemoryDisk()
  const first = await open(disk)
  const log = first.create(1)
  const writer = new Acknowledgements(first).writer(log)
  writer.write({ vote: { term: 1, votedFor: 1 }, sizes: SIZES })
  await settled()
  await first.close()
  // As of a segment that was begun after the last checkpoint: recovery removes it, since the journal has its entries.
  const stranger = `log/groups/1-1/${segmentName(log.lastIndex + 3, log.endOffset + 3)}`
  const file = await disk.open(stranger)
  await file.sync()
  await disk.syncFolder('log/groups/1-1')
  await open(disk)
  expect(disk.paths()).not.toContain(stranger)
  // That process is killed before it has synced anything in the folder; the kernel has the removal, the disk has not.
  const third = await open(disk)
  const again = new Acknowledgements(third).writer(third.group(1)!, writer.now)
  again.write({ sizes: SIZES })
  again.write({ sizes: SIZES })
  await settled()
  await third.close()
  disk.crash(() => 0)
  const last = await open(disk)
  expect(last.group(1)!.damage).toBeNull()
  expect(await difference(last.group(1)!, again.now)).toBeNull()
})

function segmentName(baseIndex: number, baseOffset: number): string {
  return `${String(baseIndex).padStart(20, '0')}-${String(baseOffset).padStart(20, '0')}.log`
}
