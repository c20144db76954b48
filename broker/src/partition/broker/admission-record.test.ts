import { expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { Admissions } from './admission-record.ts'

test('a new replica gets the admission that is asked for, durably before it exists', async () => {
  const store = new MemoryStore()
  const order: string[] = []
  store.flush = async () => void order.push(`flushed ${[...store.content.keys()].join()}`)
  expect(await new Admissions(store).of(5, 2, { stored: false, wanted: 80 })).toBe(80)
  expect(order).toEqual(['flushed group/5/admission'])
})

test('founders write nothing, and wait for no disk', async () => {
  const store = new MemoryStore()
  let [writes, flushes] = [0, 0]
  store.write = async () => void writes++
  store.flush = async () => void flushes++
  const admissions = new Admissions(store)
  for (const stored of [false, true]) expect(await admissions.of(5, 2, { stored, wanted: 0 })).toBe(0)
  await admissions.drop(5)
  expect([writes, flushes]).toEqual([0, 0])
})

test('a replica on the disk keeps the admission that it was created with, whatever is asked for', async () => {
  const store = new MemoryStore()
  await new Admissions(store).of(5, 2, { stored: false, wanted: 80 })
  // By a caller with older news, and by one with newer news than this replica.
  expect(await new Admissions(store).of(5, 2, { stored: true, wanted: 0 })).toBe(80)
  expect(await new Admissions(store).of(5, 2, { stored: true, wanted: 90 })).toBe(80)
  expect(await new Admissions(store).of(6, 2, { stored: true, wanted: 90 })).toBe(0)
})

test('a record left of a removed replica does not name the next one', async () => {
  const store = new MemoryStore()
  await new Admissions(store).of(5, 2, { stored: false, wanted: 80 })
  // The process ended between the log's removal and this record's.
  expect(await new Admissions(store).of(5, 2, { stored: false, wanted: 90 })).toBe(90)
  await new Admissions(store).drop(5)
  expect(await new Admissions(store).of(5, 2, { stored: false, wanted: 0 })).toBe(0)
})

test('a record is known in the same life of the broker and in the next one; the store is read once', async () => {
  const store = new MemoryStore()
  let reads = 0
  const { range } = store
  store.range = (from, to) => {
    reads += 1
    return range.call(store, from, to)
  }
  store.get = async () => {
    reads += 1
    return null
  }
  const one = new Admissions(store)
  await Promise.all([12, 5, 120].map((group) => one.of(group, 2, { stored: false, wanted: group * 10 })))
  for (const records of [one, new Admissions(store)]) {
    for (const group of [12, 5, 120]) expect(await records.of(group, 2, { stored: true, wanted: 0 })).toBe(group * 10)
    expect(await records.of(1, 2, { stored: true, wanted: 0 })).toBe(0)
  }
  expect(reads).toBe(2)
})

test('a lost store: the log tells', async () => {
  const configuration = { voters: [1, 2], outgoing: [], learners: [], admissions: { 2: 80 } }
  const without = { voters: [1], outgoing: [], learners: [] }
  const configurations = [
    { index: 4, configuration },
    { index: 9, configuration: without },
  ]
  expect(await new Admissions(new MemoryStore()).of(5, 2, { stored: true, wanted: 0, configurations })).toBe(80)
})
