import { expect, it } from 'vitest'
import { EarlyFrames } from './early-frames.ts'

it('keeps frames in their order, and only so many', () => {
  const frames = new EarlyFrames()
  for (let at = 0; at < 100; at++) frames.keep(Uint8Array.of(at))
  expect(() => frames.keep(Uint8Array.of(100))).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
  const read: number[] = []
  frames.release(([byte]) => read.push(byte!))
  expect(read.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, at) => at))
})
