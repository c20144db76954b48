import { expect, test } from 'vitest'
import { dialects, type Resume } from './dialects.ts'

const fresh = (): Resume => ({ session: null, position: null })

test('a subscriber of Tailrace goes on behind the last message, or where it was told to begin', () => {
  const { hear, opening } = dialects.tailrace
  const resume = fresh()
  expect(opening(resume)).toContain('"partitions":[0]')
  expect(hear(Buffer.from('{"op":"subscribed","id":"s","partitions":[{"partition":0,"offset":7}]}'), resume)).toBe(
    'open',
  )
  expect(opening(resume)).toContain('"partitions":[{"partition":0,"from":7}]')
  const records = '{"op":"records","id":"s","records":[{"offset":7}],"nextOffset":8,"highWatermark":8}'
  expect(hear(Buffer.from(records), resume)).toBe('records')
  expect(opening(resume)).toContain('"from":8}')
  expect(hear(Buffer.from('{"op":"subscribed","id":"s","partitions":[{"partition":0,"offset":8}]}'), resume)).toBe(
    'open',
  )
  expect(opening(resume)).toContain('"from":8}')
})

test('a subscriber of Tailrace tries again what may succeed later, and ends with other errors', () => {
  const { hear } = dialects.tailrace
  expect(hear(Buffer.from('{"op":"error","code":"LEADER_UNAVAILABLE","retriable":true}'), fresh())).toBe('refused')
  expect(hear(Buffer.from('{"op":"error","code":"OFFSET_OUT_OF_RANGE","retriable":false}'), fresh())).toBe('refused')
  expect(() => hear(Buffer.from('{"op":"error","code":"UNKNOWN_TOPIC","retriable":false}'), fresh())).toThrow()
})

test('a subscriber of Socket.IO shows its session and the offset of the last event', () => {
  const { hear } = dialects['socket.io']
  const resume = fresh()
  expect(hear(Buffer.from('0{"sid":"a"}'), resume)).toEqual({ answer: '40' })
  expect(hear(Buffer.from('40{"sid":"b","pid":"p-1"}'), resume)).toBe('open')
  expect(hear(Buffer.from('42["record","<seq:0000000001","o-1"]'), resume)).toBe('records')
  expect(hear(Buffer.from('2'), resume)).toEqual({ answer: '3' })
  expect(hear(Buffer.from('0{"sid":"c"}'), resume)).toEqual({ answer: '40{"pid":"p-1","offset":"o-1"}' })
})
