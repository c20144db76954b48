import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Positions } from '../positions.ts'
import { startOf } from '../range/start-of.ts'
import { TopicPositions } from '../topics/topic-positions.ts'
import { type CheckpointStore, MemoryCheckpoints } from './checkpoint-store.ts'
import { FileCheckpoints } from './file-checkpoints.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const at = (offset: number) => new Positions([[0, offset]], 'an-id')

describe.each<[string, () => CheckpointStore]>([
  ['memory', () => new MemoryCheckpoints()],
  ['files', () => new FileCheckpoints(join(folder, 'not', 'there'))],
])('positions in %s', (_, make) => {
  it('come back under their names, the last one of each', async () => {
    const store = make()
    expect(await store.load('a')).toBeUndefined()
    const saves = [1, 2, 3].map((offset) => store.save('a', at(offset)))
    await Promise.all([...saves, store.save('../b', at(9))])
    expect(await store.load('a')).toEqual({ topicId: 'an-id', offsets: { 0: 3 } })
    const from = (await store.load('../b'))!
    expect(startOf(from, undefined).offsets).toEqual(at(9))
    const all = new TopicPositions([['t', at(4)]])
    await store.save('all', all)
    expect(await store.load('all')).toEqual({ topics: { t: { topicId: 'an-id', offsets: { 0: 4 } } } })
  })
})

describe('files', () => {
  it('are there for the next program; what a crash has left unfinished is not', async () => {
    await new FileCheckpoints(folder).save('a b/ü', at(3))
    const [file] = await readdir(folder)
    expect(JSON.parse(await readFile(join(folder, file!), 'utf8'))).toEqual({ topicId: 'an-id', offsets: { 0: 3 } })
    await writeFile(join(folder, `${file}.new`), '{"topicId":"an-')
    const next = new FileCheckpoints(folder)
    expect(await next.load('a b/ü')).toEqual({ topicId: 'an-id', offsets: { 0: 3 } })
    await next.save('a b/ü', at(4))
    expect(await readdir(folder)).toEqual([file])
  })

  it.each(['', '{"offsets":', '3', 'null', '{"0":3}'])('that have %j say so', async (text) => {
    await writeFile(join(folder, 'a.json'), text)
    await expect(new FileCheckpoints(folder).load('a')).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  })

  it.each(['', 'x'.repeat(201), 7 as never])('have no name such as %j', async (name) => {
    await expect(new FileCheckpoints(folder).save(name, at(1))).rejects.toMatchObject({ code: 'INVALID_SETTING' })
    await expect(new FileCheckpoints(folder).load(name)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  })

  it('a save that fails is told, and the next one is tried', async () => {
    const path = join(folder, 'taken')
    await writeFile(path, '')
    const store = new FileCheckpoints(path)
    await expect(store.save('a', at(1))).rejects.toMatchObject({ code: 'EEXIST' })
    await rm(path)
    await store.save('a', at(2))
    expect(await store.load('a')).toMatchObject({ offsets: { 0: 2 } })
  })
})
