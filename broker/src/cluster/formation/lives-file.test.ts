import { crc32c } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { LivesFile } from './lives-file.ts'

/** The lists that a start reads from this text with its checksum. */
async function read(text: string): Promise<{ lives: readonly string[]; atoned: readonly string[] }> {
  const disk = new MemoryDisk()
  await disk.makeFolder('data')
  const covered = new TextEncoder().encode(text)
  const bytes = new TextEncoder().encode(`${crc32c(covered, 0, covered.length)} ${text}`)
  await (await disk.open('data/lives.json')).write([bytes], 0)
  const file = new LivesFile(disk, 'data')
  await file.begin('new')
  const { lives, atoned } = file
  return { lives, atoned }
}

describe('a list of lives', () => {
  test.each([
    ['both lists', { lives: ['a', 'b'], atoned: ['c'] }, ['a', 'b', 'new'], ['c']],
    ['no lives', { atoned: ['c'] }, ['new'], ['c']],
    ['no lives made good', { lives: ['a'] }, ['a', 'new'], []],
    ['a list that is none', { lives: 'a', atoned: ['c'] }, ['new'], ['c']],
    ['ids that are no texts', { lives: ['a', 5, null, 'b'], atoned: [{}, 'c'] }, ['a', 'b', 'new'], ['c']],
  ])('of a file with %s', async (_, content, lives, atoned) => {
    expect(await read(JSON.stringify({ version: 1, ...content }))).toEqual({ lives, atoned })
  })

  test.each(['null', '5', '"text"', '{', ''])('of a file with the text %s is empty', async (text) => {
    expect(await read(text)).toEqual({ lives: ['new'], atoned: [] })
  })

  test('of a newer version is refused', async () => {
    await expect(read('{"version":2,"lives":["a"]}')).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
  })

  test('keeps the thousand newest, and each life that was made good once', async () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `${i}`)
    const found = await read(JSON.stringify({ version: 1, lives: ids, atoned: [] }))
    expect(found.lives).toEqual([...ids.slice(1), 'new'])
    const disk = new MemoryDisk()
    await disk.makeFolder('data')
    const file = new LivesFile(disk, 'data')
    await file.begin('a')
    for (const life of ['x', ...ids, ids[999]!]) await file.recordMadeGood(life)
    expect(file.atoned).toEqual(ids)
    const again = new LivesFile(disk, 'data')
    await again.begin('b')
    expect([again.lives, again.atoned]).toEqual([['a', 'b'], ids])
  })
})
