import { describe, expect, test } from 'vitest'
import { EventLoop } from '../../../../testing/src/simulation/event-loop.ts'
import { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { diskConformance } from '../../../conformance/disk.ts'
import { stateStoreConformance } from '../../../conformance/state-store.ts'
import { SimProcess } from '../sim-process.ts'
import { SimDisk } from './sim-disk.ts'
import { SimStore } from './sim-store.ts'

const calm = {
  readMicros: [1, 20],
  writeMicros: [1, 20],
  syncMicros: [10, 200],
  capacity: 1 << 30,
  copiesOnWrite: false,
  failSync: false,
  tears: false,
  liesAboutSync: false,
} as const

/** Time that passes by itself for as long as a test lasts. */
function running(): { loop: EventLoop; process: SimProcess; stop: () => void } {
  const loop = new EventLoop()
  let over = false
  const beat = (): void => void loop.after(1000, beat)
  beat()
  void loop.run(Number.POSITIVE_INFINITY, () => over)
  return { loop, process: new SimProcess(loop, { rate: 1, aheadMs: 0 }), stop: () => void (over = true) }
}

describe('the simulated disk without faults', () => {
  diskConformance(async () => {
    const { loop, process, stop } = running()
    const disk = new SimDisk(loop, new SimRandom(1), calm).mount(process)
    await disk.makeFolder('data')
    return { disk, folder: 'data', dispose: async () => stop() }
  })
})

describe('the simulated state store', () => {
  stateStoreConformance(() => {
    const { loop, process, stop } = running()
    const store = new SimStore(loop, new SimRandom(1))
    return { open: async () => store.mount(process), durable: true, dispose: async () => stop() }
  })
})

/**
 * Writes two blocks over two others, syncs only the first pair, and loses power. Returns the content of the file then.
 */
async function afterPowerLoss(seed: number, change: Partial<SimDisk['behaviour']> = {}): Promise<string> {
  const { loop, process, stop } = running()
  const machine = new SimDisk(loop, new SimRandom(seed), { ...calm, ...change })
  const disk = machine.mount(process)
  await disk.makeFolder('d')
  const file = await disk.open('d/a')
  await disk.syncFolder('d')
  await file.write([new Uint8Array(8192).fill(1)], 0)
  await file.sync()
  await file.write([new Uint8Array(8192).fill(2)], 0)
  process.alive = false
  machine.losePower()
  const again = await machine.mount(new SimProcess(loop, { rate: 1, aheadMs: 0 })).open('d/a')
  const bytes = new Uint8Array(8192)
  const count = await again.read(bytes, 0)
  stop()
  return `${count} ${[...new Set([bytes.subarray(0, 4096).join(''), bytes.subarray(4096).join('')].map((block) => [...new Set(block)].sort().join('')))].join(',')}`
}

test('a loss of power keeps synced blocks, and any of the others', async () => {
  const found = new Set<string>()
  for (let seed = 1; seed <= 40; seed++) found.add(await afterPowerLoss(seed))
  expect([...found].sort()).toEqual(['8192 1', '8192 1,2', '8192 2', '8192 2,1'])
})

test('a disk that tears leaves parts of blocks', async () => {
  const found = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) found.add(await afterPowerLoss(seed, { tears: true }))
  expect([...found].some((content) => content.includes('12'))).toBe(true)
})

test('a sync that fails leaves any of the blocks, and says so', async () => {
  const { loop, process, stop } = running()
  const machine = new SimDisk(loop, new SimRandom(1), calm)
  const disk = machine.mount(process)
  await disk.makeFolder('d')
  const file = await disk.open('d/a')
  await file.write([new Uint8Array(4096 * 8).fill(7)], 0)
  machine.behaviour.failSync = true
  await expect(file.sync()).rejects.toMatchObject({ kind: 'failed' })
  const bytes = new Uint8Array(4096 * 8)
  await file.read(bytes, 0)
  expect(new Set(bytes)).toEqual(new Set([0, 7]))
  stop()
})

test('a lost write in the newest round of the journal heals at a crash; with a later round it stays', async () => {
  for (const later of [false, true]) {
    const { loop, process, stop } = running()
    const machine = new SimDisk(loop, new SimRandom(1), calm)
    const disk = machine.mount(process)
    await disk.makeFolder('d/journal')
    const file = await disk.open('d/journal/1')
    machine.scars.next = { kind: 'lost', where: 'journal' }
    await file.write([new Uint8Array(4096).fill(1)], 0)
    await file.sync()
    if (later) {
      await file.write([new Uint8Array(4096).fill(2)], 4096)
      await file.sync()
    }
    machine.crashProcess()
    const bytes = new Uint8Array(1)
    await file.read(bytes, 0)
    expect(bytes[0]).toBe(later ? 0 : 1)
    stop()
  }
})
