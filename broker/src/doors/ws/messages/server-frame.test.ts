import { expect, test } from 'vitest'
import * as ws from 'ws'
import { frameOf } from './server-frame.ts'

/** The types of ws do not name it. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => NodeJS.WritableStream
}

/** The message that ws reads of these bytes. */
function received(pieces: readonly Uint8Array[]): { data: Buffer; isBinary: boolean } {
  const receiver = new Receiver({ isServer: false, binaryType: 'nodebuffer' })
  const messages: { data: Buffer; isBinary: boolean }[] = []
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }))
  for (const piece of pieces) receiver.write(piece)
  expect(messages).toHaveLength(1)
  return messages[0]!
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 300_000])('a message of %i bytes is what it was', (bytes) => {
  for (const kind of ['binary', 'text'] as const) {
    const body = new Uint8Array(bytes).map((_, at) => 97 + (at % 20))
    const third = Math.floor(bytes / 3)
    const message = received(frameOf(kind, [body.subarray(0, third), body.subarray(third)]))
    expect(message.isBinary).toBe(kind === 'binary')
    expect(Buffer.compare(message.data, body)).toBe(0)
  }
})

test('a small message is one piece, and large pieces are not copied', () => {
  const large = new Uint8Array(100_000)
  expect(frameOf('binary', [new Uint8Array(20), new Uint8Array(1000)])).toHaveLength(1)
  expect(frameOf('binary', [new Uint8Array(20), large])[2]).toBe(large)
})
