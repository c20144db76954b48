import type { StreamRequestFields } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { sampleStreamRequests, sampleStreamResults } from '../../../../schemas/src/testing/sample-stream-messages.ts'
import { streamRequestFields, streamRequestOf } from './request-fields.ts'
import { isStreamResult, streamResultFields, streamResultOf } from './result-fields.ts'

const path = 'jobs/7'

describe('requests about streams', () => {
  it.each(sampleStreamRequests.map((request) => [Object.keys(request)[0], request] as const))(
    '%s is the same on both sides',
    (_name, request) => {
      expect(streamRequestFields(streamRequestOf({ path, request }))).toEqual({ path, request })
    },
  )

  const create = { type: '', ttl: -1, expiresAt: -1, closed: false, fork: null, mark: 'b7.0' }
  const append = { type: 'text/plain', close: false, seq: null, producer: null }
  const odd: readonly (readonly [what: string, request: StreamRequestFields, path?: string])[] = [
    ['no path', { 'tailrace.streams.Head': {} }, ''],
    ['a path of two lines', { 'tailrace.streams.Head': {} }, 'a\nb'],
    ['a long path', { 'tailrace.streams.Head': {} }, 'a'.repeat(1001)],
    ['two lifetimes', { 'tailrace.streams.Create': { ...create, ttl: 1, expiresAt: 1 } }],
    ['a lifetime before -1', { 'tailrace.streams.Create': { ...create, ttl: -2 } }],
    ['a time that no Date shows', { 'tailrace.streams.Create': { ...create, expiresAt: 8.64e15 + 1 } }],
    ['a fork of nothing', { 'tailrace.streams.Create': { ...create, fork: { source: '', offset: 0, sub: 0 } } }],
    ['a type of two lines', { 'tailrace.streams.Append': { ...append, type: 'a\r\nb' } }],
    ['a producer without an id', { 'tailrace.streams.Append': { ...append, producer: { id: '', epoch: 0, seq: 0 } } }],
    ['a negative epoch', { 'tailrace.streams.Append': { ...append, producer: { id: 'p', epoch: -1, seq: 0 } } }],
    ['a read of all', { 'tailrace.streams.Read': { id: '', offset: 0, upTo: -1, maxBytes: 2 ** 30 } }],
    ['a read from before', { 'tailrace.streams.Read': { id: '', offset: -3, upTo: -1, maxBytes: 1 } }],
    ['a long wait', { 'tailrace.streams.Wait': { id: 'a', offset: 0, waitMs: 60_001 } }],
    ['a place in no stream', { 'tailrace.streams.Place': { id: '', offset: 0, sub: 0, upTo: 0 } }],
  ]
  it.each(odd.map(([what, request, name = path]) => [what, request, name] as const))(
    '%s is refused',
    (_what, request, name) => {
      expect(() => streamRequestOf({ path: name, request })).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    },
  )

  it('one that only a later version knows is refused as such', () => {
    const request = { 'tailrace.streams.Mirror': {} } as never
    expect(() => streamRequestOf({ path, request })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MESSAGE' }))
  })
})

describe('results', () => {
  it.each(sampleStreamResults.map((result) => [result.kind, result] as const))(
    '%s is the same on both sides',
    (_kind, result) => {
      expect(isStreamResult(result)).toBe(true)
      const heard = streamResultOf({ kind: 'head', path }, result)
      expect(streamResultOf({ kind: 'head', path }, streamResultFields(heard))).toEqual(heard)
    },
  )

  it.each([
    { offset: -1 },
    { lastSeq: -2 },
    { kind: 'refused', reason: 'mood' },
    { reason: 'closed' },
    { kind: 'mirrored' },
    { kind: 'toString' },
    { type: 'x'.repeat(256) },
  ])('with %j is none', (odd) => {
    expect(isStreamResult({ ...sampleStreamResults[0]!, ...odd })).toBe(false)
  })
})
