import { expect, it } from 'vitest'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { WriteBehind } from './write-behind.ts'

function open() {
  const store = new MemoryStore()
  const clock = new ManualClock()
  return { store, clock, behind: new WriteBehind({ store, clock, logger: silentLogger, what: 'the test' }) }
}

it('written: of what was put before, however much is put meanwhile', async () => {
  const { store, behind } = open()
  behind.put('first', 1)
  behind.begin()
  behind.put('second', 2)
  let busy = true
  const putting = (async () => {
    for (let number = 0; busy; number++) {
      behind.put('more', number)
      behind.begin()
      await Promise.resolve()
    }
  })()
  await behind.written()
  expect([...store.content.keys()]).toContain('second')
  busy = false
  await putting
})

it('written: rejects while the store does not take it, and resolves when it does again', async () => {
  const { store, clock, behind } = open()
  store.failing = true
  behind.put('key', 1)
  behind.begin()
  await expect(behind.written()).rejects.toMatchObject({ code: 'INTERNAL' })
  await expect(behind.written()).rejects.toMatchObject({ code: 'INTERNAL' })
  store.failing = false
  await clock.advance(1_000)
  await behind.written()
  expect(store.content.size).toBe(1)
})

it('knows how many bytes wait, also behind a write that has failed', async () => {
  const { store, clock, behind } = open()
  const bytes = new Uint8Array(100)
  store.failing = true
  behind.putBytes('a', bytes)
  behind.putBytes('a', bytes)
  behind.begin()
  behind.putBytes('b', bytes)
  behind.putBytes('gone', null)
  expect(behind.waitingBytes).toBe(206)
  await settled()
  expect(behind.waitingBytes).toBe(206)
  // Of a key that has waited for longer the newer value waits alone.
  behind.putBytes('a', bytes)
  expect(behind.waitingBytes).toBe(206)
  store.failing = false
  await clock.advance(1_000)
  await behind.written()
  expect(behind.waitingBytes).toBe(0)
})
