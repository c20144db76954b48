import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { encodeFrame, FRAME_PREFIX_BYTES, MAX_FRAME_HEADER_BYTES, parseFrame, parseFramePieces } from './frame.ts'
import { type Message, type MessageName, MessageNumber } from './messages.ts'
import { writeInt32 } from './record-batch/numbers.ts'
import { TailraceError } from './tailrace-error.ts'
import { sampleMessages } from './testing/sample-messages.ts'

const names = Object.keys(sampleMessages) as MessageName[]
const body = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)]

/** One frame as one piece. */
function whole<Name extends MessageName>(name: Name, fields: Message<Name>, pieces: Uint8Array[] = []): Uint8Array {
  return Uint8Array.from(encodeFrame(name, fields, pieces).flatMap((piece) => [...piece]))
}

function codeOf(bytes: Uint8Array, maxFrameBytes?: number): string | undefined {
  try {
    parseFrame(bytes, undefined, maxFrameBytes)
    return undefined
  } catch (error) {
    if (!(error instanceof TailraceError)) throw error
    return error.code
  }
}

test.each(names)('%s comes back as it was sent, with its body', (name) => {
  const pieces = encodeFrame(name, sampleMessages[name], body)
  expect(pieces.slice(1)).toEqual(body)
  for (const [i, piece] of body.entries()) expect(pieces[i + 1]).toBe(piece)
  const frame = parseFrame(whole(name, sampleMessages[name], body))
  expect(frame).toEqual({ name, fields: sampleMessages[name], body: Uint8Array.of(1, 2, 3, 4) })
})

test('the prefix is as documented', () => {
  const bytes = whole('InitProducer', { correlation: 1 }, [Uint8Array.of(7, 8)])
  // A correlation of 1, and no client for which it is.
  expect([...bytes]).toEqual([0, 0, 0, 12, 1, 0, 0, 26, 0, 0, 0, 2, 2, 0, 7, 8])
})

test('the body is a view, a plain one even when the bytes are a Buffer', () => {
  const bytes = Buffer.from(whole('Unsubscribe', { subscription: 1 }, body))
  const frame = parseFrame(bytes)
  expect(frame.body.buffer).toBe(bytes.buffer)
  expect(Object.getPrototypeOf(frame.body)).toBe(Uint8Array.prototype)
})

test('a message that does not fit its schema is refused when it is encoded', () => {
  const encode = (fields: object) => () => encodeFrame('Publish', fields as Message<'Publish'>)
  const sound = sampleMessages.Publish
  for (const wrong of [{}, { ...sound, topic: 5 }, { ...sound, partition: 2 ** 31 }, { ...sound, partition: 0.5 }]) {
    expect(encode(wrong)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('Publish') }),
    )
  }
  expect(() => encodeFrame('Unsubscribe', { subscription: 2 ** 53 })).toThrow(/Unsubscribe/)
})

test('a header longer than any before does not harm the next one', () => {
  const long = { correlation: 1, state: 'running', reason: 'x'.repeat(3_000_000) }
  expect(parseFrame(whole('DriveChangeReply', long))).toMatchObject({ fields: long })
  const short = { correlation: 2, state: 'done', reason: '' }
  expect(parseFrame(whole('DriveChangeReply', short))).toMatchObject({ fields: short })
}, 20_000)

test('the error for garbage says what is wrong with it', () => {
  const sound = whole('Publish', sampleMessages.Publish, [Uint8Array.of(1)])
  expect(codeOf(sound)).toBeUndefined()
  for (let length = 0; length < sound.length; length++)
    expect(codeOf(sound.subarray(0, length))).toBe('MALFORMED_FRAME')
  expect(codeOf(Uint8Array.from([...sound, 0]))).toBe('MALFORMED_FRAME')
  expect(codeOf(sound, sound.length)).toBeUndefined()
  expect(codeOf(sound, sound.length - 1)).toBe('FRAME_TOO_LARGE')
  expect(codeOf(sound.with(4, 2))).toBe('MALFORMED_FRAME')
  expect(codeOf(sound.with(5, 1))).toBe('MALFORMED_FRAME')
  expect(codeOf(sound.with(7, 99))).toBe('UNSUPPORTED_MESSAGE')
  expect(codeOf(sound.with(11, sound.length - FRAME_PREFIX_BYTES + 1))).toBe('MALFORMED_FRAME')
  expect(codeOf(sound.with(11, sound[11]! - 1))).toBe('MALFORMED_FRAME')
  expect(codeOf(sound.with(11, sound[11]! + 1))).toBe('MALFORMED_FRAME')
  expect(codeOf(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))).toBe('MALFORMED_FRAME')
})

test('a header that is longer than headers may be is refused unread', () => {
  const bytes = new Uint8Array(MAX_FRAME_HEADER_BYTES + 100)
  writeInt32(bytes, 0, bytes.length - 4)
  bytes.set([1, 0, 0, MessageNumber.FetchReply], 4)
  writeInt32(bytes, 8, MAX_FRAME_HEADER_BYTES + 1)
  expect(codeOf(bytes)).toBe('FRAME_TOO_LARGE')
})

/** A frame with this header, valid or not. */
function framed(name: MessageName, header: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from([0, 0, 0, 0, 1, 0, 0, MessageNumber[name], 0, 0, 0, 0, ...header])
  writeInt32(bytes, 0, bytes.length - 4)
  writeInt32(bytes, 8, header.length)
  return bytes
}

test.each<[string, MessageName, number[]]>([
  ['an array of 2^33 items', 'Heartbeats', [0x80, 0x80, 0x80, 0x80, 0x40]],
  ['an array of 2^31 items', 'Heartbeats', [0x80, 0x80, 0x80, 0x80, 0x10, 2, 2, 2, 0]],
  ['an array of -2^33 items', 'Leaders', [0xff, 0xff, 0xff, 0xff, 0x3f, 2]],
  ['a count without end', 'Leaders', Array(2000).fill(0xff)],
  ['a string of 2^33 bytes', 'DriveChangeReply', [2, 0x80, 0x80, 0x80, 0x80, 0x40]],
  ['a string of -1 bytes', 'DriveChangeReply', [2, 1]],
  ['an int past 32 bits', 'VoteReply', [2, 0x80, 0x80, 0x80, 0x80, 0x40, 0, 0]],
  ['a long past 2^53', 'InitProducer', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ['an enum symbol that does not exist', 'FindOffset', [2, 2, 65, 0, 8, 0]],
  ['a union branch that does not exist', 'HelloReply', [2, 0, 0, 0, 0, 0, 0, 0, 4]],
])('%s is refused at once', (_, name, header) => {
  expect(codeOf(framed(name, header))).toBe('MALFORMED_FRAME')
})

test('any header of any message gives a message or MALFORMED_FRAME', () => {
  const byte = fc.oneof(fc.nat(12), fc.nat(255))
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(byte, { maxLength: 60 }), (name, header) => {
      expect([undefined, 'MALFORMED_FRAME']).toContain(codeOf(framed(name, header)))
    }),
    { numRuns: 3000 },
  )
})

describe('a frame in pieces', () => {
  const body = Uint8Array.from({ length: 300 }, (_, at) => at)
  const pieces = encodeFrame('Publish', { correlation: 7, topic: 'flights', partition: 3, timeoutMs: 100 }, [body])
  const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]))

  it('is the same wherever it is cut, and its body is not copied when it is a piece of its own', () => {
    const expected = parseFrame(whole)
    expect(parseFramePieces(pieces)).toEqual(expected)
    expect(parseFramePieces(pieces).body.buffer).toBe(body.buffer)
    expect(parseFramePieces([whole])).toEqual(expected)
    for (let cut = 0; cut <= whole.length; cut++) {
      expect(parseFramePieces([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(expected)
    }
    expect(parseFramePieces([whole.subarray(0, 5), whole.subarray(5, 20), whole.subarray(20)])).toEqual(expected)
  })

  it('is refused when a piece is missing or too long', () => {
    expect(() => parseFramePieces([pieces[0]!, body.subarray(1)])).toThrow('The bytes are not a Tailrace frame')
    expect(() => parseFramePieces(pieces, undefined, 100)).toThrow('larger than the broker accepts')
  })
})
