import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type EntryHeader, EntryKind } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { Tail } from './tail.ts'
import { TailChunk } from './tail-chunk.ts'
import { TailPool } from './tail-pool.ts'

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

function header(index: number, bytes: number): EntryHeader {
  return { index, term: 1, kind: EntryKind.Records, baseOffset: index - 1, lastOffset: index - 1, bytes }
}

it('releases the batches of evicted chunks at once, not when its queues are cleaned', () => {
  const tail = new Tail()
  const pool = new TailPool(8 * 1024)
  const batches: WeakRef<ArrayBufferLike>[] = []
  const fill = (): void => {
    for (let index = 1; index <= 40; index += 1) {
      const payload = new Uint8Array(new ArrayBuffer(1024))
      batches.push(new WeakRef(payload.buffer))
      const chunk = new TailChunk([header(index, payload.length)], [payload], [], [], tail, 0)
      tail.push(chunk)
      pool.add(chunk)
      pool.pin(chunk)
      pool.unpin(chunk)
    }
  }
  // WeakRefs hold their targets until the end of the turn that made them.
  return new Promise<void>((done) => setImmediate(done, fill())).then(() => {
    collectGarbage()
    expect(pool.bytes).toBeLessThanOrEqual(8 * 1024)
    expect(batches.filter((batch) => batch.deref() !== undefined).length).toBeLessThanOrEqual(8)
    expect(tail.first!.index).toBeGreaterThan(30)
  })
})
