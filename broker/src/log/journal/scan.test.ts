import { crc32c } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { BLOCK_BYTES } from './block.ts'
import { JournalFile } from './journal-file.ts'
import { RecordType, RecordWriter } from './record.ts'
import { JournalScan } from './scan.ts'
import { Staging } from './staging.ts'

const FILE_BYTES = 8 * BLOCK_BYTES
const start = { sequence: 0, epoch: 0, file: '', base: 0 }

/** Puts blocks at the places that a test chooses, without a journal's order. */
async function journal(names: readonly string[]) {
  const disk = new MemoryDisk()
  await disk.makeFolder('j')
  const files = await Promise.all(names.map((name) => JournalFile.open(disk, 'j', name, FILE_BYTES)))
  /** A round of `blocks` blocks; `only`: the places of it that have reached the disk. */
  const put = async (
    file: number,
    block: number,
    sequence: number,
    epoch: number,
    blocks = 1,
    only?: readonly number[],
  ) => {
    const staging = new Staging(crc32c)
    const writer = new RecordWriter(staging, crc32c)
    writer.entry({ id: 1, incarnation: 1, counter: 0 }, 1, new Uint8Array(blocks * 4064 - 40))
    const bytes = staging.seal(sequence, epoch).slice()
    for (const place of only ?? bytes.keys()) {
      if (place >= blocks) break
      const piece = bytes.subarray(place * BLOCK_BYTES, (place + 1) * BLOCK_BYTES)
      await files[file]!.write(piece, (block + place) * BLOCK_BYTES, { now: () => 0, took: () => {} })
    }
  }
  const spoil = (file: number, block: number) => disk.flip(`j/${names[file]}`, block * BLOCK_BYTES + 200, 1)
  const scan = async (from = start) => {
    const found = new JournalScan(files, from, crc32c)
    const rounds: string[] = []
    for await (const { sequence, bytes, sound } of found.rounds()) {
      rounds.push(`${sequence}+${bytes.length / BLOCK_BYTES}${sound ? '' : ' unsound'}`)
    }
    const { file, position, nextSequence, epoch } = found.end
    return { rounds, end: `${file?.name} ${position / BLOCK_BYTES} next ${nextSequence} epoch ${epoch}` }
  }
  return { put, spoil, scan }
}

describe('walking the journal', () => {
  test('rounds follow each other, over files, whatever their names', async () => {
    const { put, scan } = await journal(['b', 'a'])
    await put(0, 0, 1, 1, 3)
    await put(0, 3, 4, 1, 2)
    await put(1, 0, 6, 1, 4)
    expect(await scan()).toEqual({ rounds: ['1+3', '4+2', '6+4'], end: 'a 4 next 10 epoch 1' })
    expect(await scan({ sequence: 5, epoch: 1, file: 'b', base: 1 })).toMatchObject({ rounds: ['6+4'] })
  })

  test('blocks of an earlier use of the file are the end, not damage', async () => {
    const { put, scan } = await journal(['a'])
    await put(0, 0, 1, 1, 8)
    await put(0, 0, 9, 1, 2)
    expect(await scan({ sequence: 8, epoch: 1, file: 'a', base: 9 })).toEqual({
      rounds: ['9+2'],
      end: 'a 2 next 11 epoch 1',
    })
  })

  test('a round that was written over the one before it is found missing at its own place, also in the first blocks of a file', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 1, 1, 1)
    for (let block = 1; block < 8; block++) await put(0, block, 1 + block, 1)
    for (let block = 0; block < 8; block++) await put(1, block, 9 + block, 1)
    // The file begins again with round 17; the write of round 18 went to its place.
    await put(0, 0, 18, 1)
    await put(0, 2, 19, 1)
    await put(0, 3, 20, 1)
    expect(await scan({ sequence: 17, epoch: 1, file: 'a', base: 17 })).toEqual({
      // Other writes to wrong places are not known: the newest round may be missing as well.
      rounds: ['18+1 unsound', '19+1', '20+1', '21+0 unsound'],
      end: 'a 4 next 21 epoch 1',
    })
  })

  test('a round after a first one that was never written tells that the first was lost', async () => {
    for (const lost of [1, 2]) {
      const { put, scan } = await journal(['a'])
      for (let block = lost; block < 4; block++) await put(0, block, 1 + block, 1)
      const { rounds } = await scan()
      expect(rounds[0]).toMatch(/^1\+\d unsound$/)
      expect(rounds.slice(1)).toEqual(lost === 1 ? ['2+1', '3+1', '4+1'] : ['3+1', '4+1'])
    }
  })

  test('blocks of a first round whose first one was not written yet are a torn round', async () => {
    const { put, scan } = await journal(['a'])
    await put(0, 0, 1, 1, 3, [1, 2])
    expect((await scan()).rounds).toEqual([])
  })

  test('a round that was written over the first block of its file does not hide rounds after its own place', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 1, 1, 2)
    await put(1, 0, 3, 1, 2)
    // The round 5 belongs to block 2.
    await put(1, 0, 5, 1)
    await put(1, 3, 6, 1)
    const { rounds } = await scan()
    expect(rounds[0]).toBe('1+2')
    expect(rounds.slice(1).join()).toMatch(/unsound.*6\+1$/)
  })

  test('a file that a checkpoint names, and that has not got its first round since, shows its earlier use without damage', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 1, 1, 5)
    await put(1, 0, 6, 1, 8)
    expect((await scan({ sequence: 13, epoch: 1, file: 'a', base: 14 })).rounds).toEqual([])
    // The first round was lost: the second one tells.
    await put(0, 1, 15, 1)
    expect((await scan({ sequence: 13, epoch: 1, file: 'a', base: 14 })).rounds).toEqual(['14+1 unsound', '15+1'])
  })

  test('a torn round is cut off silently, with any of its blocks written', async () => {
    for (const only of [[0], [1], [2], [0, 1], [1, 2], [0, 2]]) {
      const { put, scan } = await journal(['a'])
      await put(0, 0, 1, 1)
      await put(0, 1, 2, 1, 3, only)
      expect(await scan()).toEqual({ rounds: ['1+1'], end: 'a 1 next 2 epoch 1' })
    }
  })

  test("a torn round's leftovers do not belong to the round that takes its place", async () => {
    const { put, scan } = await journal(['a'])
    await put(0, 0, 1, 1)
    await put(0, 1, 2, 1, 3, [1, 2])
    await put(0, 1, 2, 2)
    expect(await scan()).toEqual({ rounds: ['1+1', '2+1'], end: 'a 2 next 3 epoch 2' })
    await put(0, 2, 3, 2)
    expect(await scan()).toEqual({ rounds: ['1+1', '2+1', '3+1'], end: 'a 3 next 4 epoch 2' })
  })

  test('of a torn round at the start of a file and a round of a later epoch elsewhere, the later one is taken', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 1, 1, 5)
    await put(1, 0, 6, 1, 4, [0, 1])
    await put(0, 5, 6, 2, 2)
    expect(await scan()).toEqual({ rounds: ['1+5', '6+2'], end: 'a 7 next 8 epoch 2' })
  })

  test('a rotten block of the last round is told, not cut', async () => {
    for (const block of [1, 2, 3]) {
      const { put, spoil, scan } = await journal(['a'])
      await put(0, 0, 1, 1)
      await put(0, 1, 2, 1, 3)
      spoil(0, block)
      expect(await scan()).toEqual({ rounds: ['1+1', '2+3 unsound'], end: 'a 4 next 5 epoch 1' })
    }
  })

  test('a round before another one was complete: its missing blocks have rotted', async () => {
    const { put, spoil, scan } = await journal(['a'])
    await put(0, 0, 1, 1)
    await put(0, 1, 2, 1, 2, [1])
    await put(0, 3, 4, 1)
    expect(await scan()).toEqual({ rounds: ['1+1', '2+2 unsound', '4+1'], end: 'a 4 next 5 epoch 1' })
    spoil(0, 0)
    expect((await scan()).rounds[0]).toMatch(/^1\+\d unsound/)
  })

  test('a whole file that is lost is told when a later one is there', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 1, 1, 8)
    await put(1, 0, 17, 1)
    expect((await scan()).rounds).toEqual(['1+8', '9+0 unsound', '17+1'])
  })

  test('the first block of the newest file rots: told, whether others follow it or not', async () => {
    for (const more of [false, true]) {
      const { put, spoil, scan } = await journal(['a', 'b'])
      await put(0, 0, 1, 1, 8)
      await put(1, 0, 9, 1)
      if (more) await put(1, 1, 10, 1, 2)
      spoil(1, 0)
      const { rounds } = await scan()
      expect(rounds[0]).toBe('1+8')
      expect(rounds[1]).toMatch(/unsound/)
      expect(rounds.slice(2)).toEqual(more ? ['10+2'] : [])
    }
  })

  test('the end of an empty journal is its beginning', async () => {
    const { scan } = await journal([])
    expect(await scan()).toEqual({ rounds: [], end: 'undefined 0 next 1 epoch 0' })
  })

  test('a file whose first write was lost begins with a block of its earlier use: its rounds are found, and the loss is told', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 9, 1, 8)
    await put(1, 0, 1, 1, 8)
    // The round 17 should stand in the first block of b.
    await put(1, 1, 18, 1)
    await put(1, 2, 19, 1)
    const { rounds, end } = await scan({ sequence: 8, epoch: 1, file: '', base: 0 })
    expect(rounds).toEqual(['9+8', '17+1 unsound', '18+1', '19+1'])
    expect(end).toBe('b 3 next 20 epoch 1')
  })

  test('a torn round at the start of a file that is used again, without its first block, is cut off silently', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(0, 0, 9, 1, 8)
    await put(1, 0, 1, 1, 8)
    await put(1, 0, 17, 1, 3, [1, 2])
    const { rounds } = await scan({ sequence: 8, epoch: 1, file: '', base: 0 })
    expect(rounds).toEqual(['9+8'])
  })

  test('the file that ended at the start of the scan may have been used again since', async () => {
    const { put, scan } = await journal(['a', 'b'])
    await put(1, 0, 9, 1, 8)
    await put(0, 0, 17, 1, 2)
    const { rounds } = await scan({ sequence: 8, epoch: 1, file: 'a', base: 1 })
    expect(rounds).toEqual(['9+8', '17+2'])
  })

  test('a block that was written by mistake to the start of the file where the scan begins does not hide later rounds', async () => {
    const { put, scan } = await journal(['a'])
    await put(0, 0, 5, 1)
    await put(0, 1, 2, 1)
    await put(0, 2, 3, 1)
    await put(0, 3, 4, 1)
    const { rounds } = await scan({ sequence: 2, epoch: 1, file: 'a', base: 1 })
    expect(rounds).toEqual(['3+1', '4+1', '5+0 unsound'])
  })
})

test('record types are never renumbered', () => {
  expect(RecordType).toEqual({
    Open: 1,
    Create: 2,
    HardState: 3,
    Cut: 4,
    Entry: 5,
    Reference: 6,
    Remove: 7,
    Damage: 8,
    Repaired: 9,
    Configuration: 10,
    Prefix: 11,
    Install: 12,
  })
})
