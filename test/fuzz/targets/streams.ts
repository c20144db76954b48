import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { silentLogger } from '../../../broker/src/platform/testing/logger.ts'
import { decodeChanges, encodeChanges, type StreamChange } from '../../../broker/src/streams/state/change-codec.ts'
import { arrayOf, behindMessages, messagesOf } from '../../../broker/src/streams/state/json-messages.ts'
import { StreamsMachine } from '../../../broker/src/streams/state/streams-machine.ts'
import { StreamsStore } from '../../../broker/src/streams/state/streams-store.ts'
import { sealed } from '../../../schemas/src/testing/changed-batches.ts'
import { type FuzzTarget, joined, refusedAs } from '../target.ts'

const BATCH_HEADER_BYTES = 61
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const changes: readonly StreamChange[] = [
  ['stream/jobs/7', bytes('{"path":"jobs/7"}')],
  ['of/5.0/data/0000000000000005', bytes('hello')],
  ['due/0000000000001000/jobs/7', null],
]

function open(): StreamsMachine {
  const clock = new ManualClock()
  const store = new StreamsStore({ store: new MemoryStore(), clock, logger: silentLogger }, 'streams/7/')
  const events = { onApplied: () => {}, onReplaced: () => {} }
  return new StreamsMachine({ store, unwrittenBytes: () => 0, clock, logger: silentLogger, ...events })
}

/** Entries of a log of durable streams. */
export const streamChanges: FuzzTarget = {
  name: 'stream-changes',
  samples: [encodeChanges(changes, 1000), encodeChanges([['garbage/5.0', bytes('1')]], 1000)],
  seal: (input) => (input.length < BATCH_HEADER_BYTES ? input : sealed(input.slice())),
  run(input) {
    if (decodeChanges(input) === null) return 'refused'
    open().apply({ index: 1, term: 1 } as never, input)
    return 'taken'
  },
}

async function snapshotBytes(): Promise<Uint8Array> {
  const machine = open()
  machine.apply({ index: 1, term: 1 } as never, encodeChanges(changes, 1000))
  const pieces: Uint8Array[] = []
  for await (const piece of (await machine.snapshots.take()).chunks()) pieces.push(piece.slice())
  return joined(pieces)
}

/** A snapshot of durable streams as another broker sends it. */
export const streamStates: FuzzTarget = {
  name: 'streams-snapshot',
  samples: [await snapshotBytes()],
  async run(input) {
    const machine = open()
    async function* chunks(): AsyncIterable<Uint8Array> {
      yield input
    }
    try {
      await machine.snapshots.restore(1, chunks())
    } catch (error) {
      return refusedAs(error, ['STORAGE_CORRUPT', 'NEWER_FORMAT'])
    }
    machine.apply({ index: 2, term: 1 } as never, encodeChanges(changes, 1000))
    return 'taken'
  },
}

/** Bodies of JSON: what is stored of one must be the same messages. */
export const streamMessages: FuzzTarget = {
  name: 'stream-messages',
  samples: ['{"a":[1,"]"]}', '[1, {"b":"\\",["}, [[]], "é"]', ' [ ] ', '12.50e3'].map(bytes),
  run(input) {
    let stored: Uint8Array
    try {
      stored = messagesOf(input)
    } catch (error) {
      return refusedAs(error, ['INVALID_REQUEST'])
    }
    const value: unknown = JSON.parse(new TextDecoder().decode(input))
    const messages = JSON.parse(new TextDecoder().decode(arrayOf(stored))) as unknown[]
    const wanted = Array.isArray(value) ? value : [value]
    const isSame = JSON.stringify(messages) === JSON.stringify(wanted)
    if (!isSame || behindMessages(stored, wanted.length) !== stored.length) throw new Error('other messages are stored')
    return 'taken'
  },
}
