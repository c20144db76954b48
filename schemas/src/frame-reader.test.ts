import { expect, test } from 'vitest'
import { decoderFor, protocolJson } from './foreign/protocol.ts'
import { encodeFrame, type Frame } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { Message, MessageName } from './messages.ts'
import { writeInt32 } from './record-batch/numbers.ts'
import { sampleMessages } from './testing/sample-messages.ts'

function bytesOf<Name extends MessageName>(name: Name, fields: Message<Name>, body: Uint8Array[] = []): number[] {
  return encodeFrame(name, fields, body).flatMap((piece) => [...piece])
}

const sent = [
  { name: 'Publish', fields: sampleMessages.Publish, body: Uint8Array.of(1, 2, 3, 4, 5) },
  { name: 'Metadata', fields: { correlation: 1, topics: [], create: [] }, body: new Uint8Array(0) },
  { name: 'Append', fields: sampleMessages.Append, body: new Uint8Array(40).fill(9) },
]
const stream = Uint8Array.from(
  sent.flatMap(({ name, fields, body }) => bytesOf(name as MessageName, fields as never, [body])),
)

function reading(maxFrameBytes = 1000): { reader: FrameReader; frames: Frame[] } {
  const frames: Frame[] = []
  return { frames, reader: new FrameReader({ maxFrameBytes, onFrame: (frame) => frames.push(frame) }) }
}

test('frames arrive whole wherever the stream is cut, once or twice', () => {
  const whole = reading()
  whole.reader.push(stream)
  expect(whole.frames).toEqual(sent)
  // Thousands of times: texts compare quickly.
  const expected = JSON.stringify(whole.frames)
  const wrong: number[][] = []
  for (let first = 0; first <= stream.length; first++) {
    for (let second = first; second <= stream.length; second++) {
      const { reader, frames } = reading()
      reader.push(stream.subarray(0, first))
      reader.push(stream.subarray(first, second))
      reader.push(stream.subarray(second))
      if (JSON.stringify(frames) !== expected) wrong.push([first, second])
    }
  }
  expect(wrong).toEqual([])
})

test.each([1, 2, 3, 7, 13])('frames arrive whole in chunks of %i bytes', (size) => {
  const { reader, frames } = reading()
  for (let at = 0; at < stream.length; at += size) reader.push(stream.slice(at, at + size))
  expect(frames).toEqual(sent)
})

test('a frame within a chunk is not copied, one that spans chunks lies in memory of its own', () => {
  const { reader, frames } = reading()
  reader.push(stream)
  for (const frame of frames) expect(frame.body.buffer).toBe(stream.buffer)

  const other = reading()
  const chunks = [stream.slice(0, 20), stream.slice(20)]
  for (const chunk of chunks) other.reader.push(chunk)
  expect(other.frames[0]!.body.buffer).not.toBe(chunks[0]!.buffer)
  expect(other.frames[0]!.body.buffer).not.toBe(chunks[1]!.buffer)
  expect(other.frames[2]!.body.buffer).toBe(chunks[1]!.buffer)
})

test('a frame above the limit is reported and skipped, wherever the stream is cut; those around it arrive', () => {
  const large = bytesOf('Append', sampleMessages.Append, [new Uint8Array(300).fill(7)])
  const bytes = Uint8Array.from([...stream, ...large, ...stream])
  for (let first = 0; first <= bytes.length; first++) {
    const frames: Frame[] = []
    const tooLarge: [Frame, number][] = []
    const onTooLarge = (frame: Frame, length: number) => void tooLarge.push([frame, length])
    const reader = new FrameReader({ maxFrameBytes: 300, onFrame: (frame) => frames.push(frame), onTooLarge })
    const second = (first * 7) % (bytes.length + 1)
    const [from, to] = first < second ? [first, second] : [second, first]
    for (const chunk of [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]) reader.push(chunk)
    expect(frames).toEqual([...sent, ...sent])
    const [frame, length] = tooLarge[0]!
    expect(tooLarge).toHaveLength(1)
    expect(frame).toEqual({ name: 'Append', fields: sampleMessages.Append, body: new Uint8Array(0) })
    expect(length).toBe(large.length)
  }
})

test('what is allowed in the midst of a chunk holds for the frames behind, wherever the stream is cut', () => {
  const large = bytesOf('Append', sampleMessages.Append, [new Uint8Array(300).fill(7)])
  const bytes = Uint8Array.from([...stream, ...large])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const frames: Frame[] = []
    const onFrame = (frame: Frame): void => {
      if (frames.push(frame) === sent.length) reader.allow(1000)
    }
    const reader = new FrameReader({ maxFrameBytes: 300, onFrame })
    reader.push(bytes.subarray(0, cut))
    reader.push(bytes.subarray(cut))
    expect(frames).toHaveLength(sent.length + 1)
  }
  expect(() => reading(300).reader.push(bytes)).toThrow(/claims/)
})

test('a frame that claims more than any broker takes is garbage, with or without a callback for large frames', () => {
  const prefix = Uint8Array.from(bytesOf('Metadata', { correlation: 1, topics: [] }))
  writeInt32(prefix, 0, -1)
  const reader = new FrameReader({ maxFrameBytes: 300, onFrame: () => {}, onTooLarge: () => {} })
  expect(() => reader.push(prefix)).toThrow(/claims/)
})

test('a frame of many chunks is put together, also a second one of the same size', () => {
  const body = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 7)
  const [head] = encodeFrame('Records', sampleMessages.Records, [body])
  const { reader, frames } = reading(2_000_000)
  for (let round = 0; round < 2; round++) {
    reader.push(head!)
    for (let at = 0; at < body.length; at += 65_536) reader.push(body.subarray(at, at + 65_536))
  }
  expect(frames.length).toBe(2)
  for (const frame of frames) expect(Buffer.compare(frame.body, body)).toBe(0)
})

test('a claim takes no memory: a thousand connections that claim 16 MiB and send little', () => {
  const claim = Uint8Array.from(bytesOf('Unsubscribe', { subscription: 1 }))
  writeInt32(claim, 0, 16 * 1024 * 1024 - 4)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 1000 }, () => reading(16 * 1024 * 1024).reader)
  for (const reader of readers) reader.push(claim)
  const taken = process.memoryUsage().arrayBuffers - before
  expect(readers.length).toBe(1000)
  expect(taken).toBeLessThan(40 * 1024 * 1024)
})

test.each<[string, string, number[]]>([
  ['a length that is too long', 'FRAME_TOO_LARGE', [0, 0, 4, 0]],
  ['a length that is too short', 'MALFORMED_FRAME', [0, 0, 0, 7]],
  ['an HTTP request', 'FRAME_TOO_LARGE', [...new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')]],
  ['another layout', 'MALFORMED_FRAME', [0, 0, 0, 100, 9, 0, 0, 1, 0, 0, 0, 1]],
  ['an unknown message', 'UNSUPPORTED_MESSAGE', [0, 0, 0, 100, 1, 0, 9, 9, 0, 0, 0, 1]],
  ['a header longer than the frame', 'MALFORMED_FRAME', [0, 0, 0, 100, 1, 0, 0, 1, 0, 0, 0, 93]],
  ['a header that does not decode', 'MALFORMED_FRAME', [0, 0, 0, 9, 1, 0, 0, 26, 0, 0, 0, 1, 0x80]],
])(
  '%s is refused as soon as its bytes are there, whole or in pieces, behind a sound frame or not',
  (_, code, garbage) => {
    for (const before of [[], bytesOf('Unsubscribe', { subscription: 1 })]) {
      for (const size of [1, 5, 1000]) {
        const { reader, frames } = reading(1000)
        const bytes = Uint8Array.from([...before, ...garbage])
        const push = () => {
          for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
        }
        expect(push).toThrow(expect.objectContaining({ code }))
        expect(frames.length).toBe(before.length === 0 ? 0 : 1)
        expect(() => reader.push(stream)).toThrow(expect.objectContaining({ code }))
        expect(frames.length).toBe(before.length === 0 ? 0 : 1)
      }
    }
  },
)

test('an error of onFrame comes out of push, and the stream ends there', () => {
  const reader = new FrameReader({
    maxFrameBytes: 1000,
    onFrame: () => {
      throw new Error('full')
    },
  })
  expect(() => reader.push(stream)).toThrow('full')
  expect(() => reader.push(stream)).toThrow('full')
})

test('a decoder that is set by a frame reads the frames behind it in the same chunk', () => {
  const names: string[] = []
  // A peer that does not know Metadata.
  const peer = decoderFor(JSON.stringify(withoutMessage('Metadata')))
  const reader = new FrameReader({
    maxFrameBytes: 1000,
    onFrame: (frame) => {
      names.push(frame.name)
      reader.useDecoder(peer)
    },
  })
  expect(() => reader.push(stream)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MESSAGE' }))
  expect(names).toEqual(['Publish'])
})

function withoutMessage(name: string): object {
  const protocol = JSON.parse(protocolJson)
  return {
    ...protocol,
    messages: protocol.messages.filter((message: { schema: { name: string } }) => message.schema.name !== name),
  }
}
