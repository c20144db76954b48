import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { lossOf } from './lives.ts'
import { LivesFile } from './lives-file.ts'
import { Witness } from './witness.ts'

describe('the memory of other brokers about a broker', () => {
  const told = { directoryId: 'd', lives: ['a', 'b', 'c'], atoned: ['x'], recovered: 50 }
  test.each([
    ['the present life', { directoryId: 'd', life: 'c', durable: 99 }, null],
    ['an earlier life, all of whose writes are there', { directoryId: 'd', life: 'b', durable: 50 }, null],
    ['an earlier life with more', { directoryId: 'd', life: 'b', durable: 51 }, /lost writes/],
    ['a life that the folder does not know', { directoryId: 'd', life: 'y', durable: 0 }, /put back/],
    ['one that has been made good', { directoryId: 'd', life: 'x', durable: 99 }, null],
    ['another folder', { directoryId: 'e', life: 'y', durable: 99 }, null],
    ['nothing', { directoryId: '', life: '', durable: 0 }, null],
  ])('%s', (_what, memory, loss) => {
    const found = lossOf(told, memory)
    if (loss === null) expect(found).toBeNull()
    else expect(found).toMatch(loss)
  })
})

/** Brokers that send each other lives and witnesses; folders and stores outlive their lives. */
class Pair {
  readonly disks = new Map([1, 2].map((id) => [id, new MemoryDisk()]))
  readonly stores = new Map<number, MemoryStore>()
  readonly witnesses = new Map<number, Witness>()
  readonly distrusted: string[] = []
  /** In the order in which they were told. */
  readonly notes: [number, string][] = []
  recovered = 10
  #lives = 0

  async start(id: number): Promise<void> {
    const disk = this.disks.get(id)!
    await disk.makeFolder('data')
    this.stores.set(id, this.stores.get(id) ?? new MemoryStore())
    const witness = new Witness({
      groups: {
        recoveredBlock: id === 1 ? this.recovered : 0,
        distrustDisk: async (reason) => {
          this.distrusted.push(`${id}: ${reason}`)
          return true
        },
      },
      peers: {
        tell: (to, name, fields) => {
          this.notes.push([to, name])
          const other = this.witnesses.get(to)
          other?.told(id, name, structuredClone(fields))
          other?.accept(id)
        },
      },
      store: this.stores.get(id)!,
      file: new LivesFile(disk, 'data'),
      logger: silentLogger,
      directoryId: () => `folder ${id}`,
    })
    await witness.start(`life ${++this.#lives}`)
    this.witnesses.set(id, witness)
  }

  async meet(first = 1): Promise<void> {
    const second = 3 - first
    this.witnesses.get(first)!.link(second, true)
    this.witnesses.get(second)!.link(first, true)
    for (let turn = 0; turn < 50; turn++) await Promise.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }

  async copyOf(id: number): Promise<Map<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>()
    for (const path of this.disks.get(id)!.paths()) {
      const file = await this.disks.get(id)!.open(path)
      const bytes = new Uint8Array(await file.size())
      await file.read(bytes, 0)
      files.set(path, bytes)
    }
    return files
  }

  async putBack(id: number, files: Map<string, Uint8Array>): Promise<void> {
    const disk = new MemoryDisk()
    await disk.makeFolder('data')
    for (const [path, bytes] of files) await (await disk.open(path)).write([bytes], 0)
    this.disks.set(id, disk)
  }
}

describe('a folder that was put back from a copy', () => {
  async function story(): Promise<Pair> {
    const pair = new Pair()
    await pair.start(1)
    await pair.start(2)
    await pair.meet()
    const copy = await pair.copyOf(1)
    await pair.start(1)
    await pair.meet()
    expect(pair.distrusted).toEqual([])
    await pair.putBack(1, copy)
    return pair
  }

  test.each([1, 2])('is detected, whichever broker sends first (%i), and once only', async (first) => {
    const pair = await story()
    await pair.start(1)
    await pair.meet(first)
    expect(pair.distrusted).toEqual([expect.stringMatching(/^1: .*put back/)])
    for (let restart = 0; restart < 2; restart++) {
      await pair.start(1)
      await pair.meet(first)
    }
    expect(pair.distrusted).toHaveLength(1)
  })

  test('also when it was started some times before a broker learns of it, and after a crash of those that remember', async () => {
    const pair = await story()
    for (let restart = 0; restart < 3; restart++) await pair.start(1)
    await pair.start(2)
    await pair.meet(1)
    expect(pair.distrusted).toHaveLength(1)
  })

  test('the memory is sent before any other message on a connection', async () => {
    const pair = await story()
    pair.notes.length = 0
    await pair.start(1)
    await pair.meet()
    expect(pair.notes.filter(([to]) => to === 1)[0]).toEqual([1, 'Witness'])
    expect(pair.notes.filter(([to]) => to === 2)[0]).toEqual([2, 'Witness'])
  })

  test('a wiped disk is another broker: none of its writes are missing', async () => {
    const pair = await story()
    pair.witnesses.get(2)!.told(1, 'Lives', { directoryId: 'new', lives: ['n'], atoned: [], recovered: 0 })
    pair.witnesses.get(2)!.accept(1)
    expect(pair.distrusted).toEqual([])
  })
})

test('a broker that finds less of its journal than it had reported is detected', async () => {
  const pair = new Pair()
  await pair.start(1)
  await pair.start(2)
  await pair.meet()
  const beat = { led: 0, ledDigest: 0, followed: 0, followedDigest: 0 }
  pair.witnesses.get(2)!.told(1, 'NodeBeat', { ...beat, durable: 77 })
  pair.witnesses.get(2)!.accept(1)
  pair.recovered = 77
  await pair.start(1)
  await pair.meet()
  expect(pair.distrusted).toEqual([])
  pair.witnesses.get(2)!.told(1, 'NodeBeat', { ...beat, durable: 90 })
  pair.witnesses.get(2)!.accept(1)
  pair.recovered = 89
  await pair.start(1)
  await pair.meet()
  expect(pair.distrusted).toEqual([expect.stringMatching(/^1: .*lost writes/)])
  await pair.start(1)
  await pair.meet()
  expect(pair.distrusted).toHaveLength(1)
})

test('a damaged list of lives counts as lost', async () => {
  const pair = new Pair()
  await pair.start(1)
  await pair.start(2)
  await pair.meet()
  pair.disks.get(1)!.flip('data/lives.json', 20, 1)
  await pair.start(1)
  await pair.meet()
  expect(pair.distrusted).toHaveLength(1)
})

test('the messages of a stranger are kept until it turns out to be a member, and have no effect before', async () => {
  const pair = new Pair()
  await pair.start(1)
  const witness = pair.witnesses.get(1)!
  witness.told(2, 'Witness', { directoryId: 'folder 1', life: 'another', durable: 0 })
  expect(pair.distrusted).toEqual([])
  witness.accept(2)
  expect(pair.distrusted).toHaveLength(1)
})
