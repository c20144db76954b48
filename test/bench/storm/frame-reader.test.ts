import { expect, test } from 'vitest'
import { FrameReader } from './frame-reader.ts'

function frame(first: number, text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head =
    length < 126 ? Buffer.from([first, length]) : length < 65_536 ? Buffer.from([first, 126, 0, 0]) : Buffer.alloc(10)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) {
    head.set([first, 127])
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, Buffer.from(text)])
}

const long = 'l'.repeat(300)
const huge = 'h'.repeat(70_000)
/** A message of three frames with a ping between them, and whole ones. */
const small = Buffer.concat([
  frame(0x81, 'short'),
  frame(0x81, long),
  frame(0x81, ''),
  frame(0x01, 'a'),
  frame(0x89, 'ping'),
  frame(0x00, 'b'),
  frame(0x80, 'c'),
  frame(0x88, ''),
])
const smallMessages = [
  [1, 'short'],
  [1, long],
  [1, ''],
  [9, 'ping'],
  [1, 'abc'],
  [8, ''],
]

function read(stream: Buffer, chunkBytes: number): [number, string][] {
  const reader = new FrameReader()
  const seen: [number, string][] = []
  for (let at = 0; at < stream.length; at += chunkBytes) {
    reader.take(stream.subarray(at, at + chunkBytes), (opcode, message) => seen.push([opcode, String(message)]))
  }
  return seen
}

test.each([1, 2, 3, 7, 300, 1000])('messages are the same in chunks of %i bytes', (bytes) => {
  expect(read(small, bytes)).toEqual(smallMessages)
})

test('a message of more than 64 KiB is read, and what comes behind it', () => {
  expect(read(Buffer.concat([frame(0x82, huge), small]), 30_000)).toEqual([[2, huge], ...smallMessages])
})
