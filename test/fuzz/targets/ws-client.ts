import { encodeFrame, type Message, type MessageName, TailraceError } from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'
import { Consumer } from '../../../consumer/src/index.ts'
import { Producer } from '../../../producer/src/index.ts'
import { sampleMessages } from '../../../schemas/src/testing/sample-messages.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { LyingBroker, metadata, storedBatch } from '../lying-broker.ts'
import { isSurprise, surprises } from '../sdk-watch.ts'
import { type FuzzTarget, joined, type Verdict } from '../target.ts'
import { sealedFrame } from './frames.ts'

/** A client that has received nothing for this long waits for a message that does not come. */
const QUIET_MS = 15
/** Short, so that errors of a late connection are found with the input that caused them, or the next. */
const CONNECT_MS = 300
const END_MS = 2_000
const MOST_RECORDS = 20

let broker: LyingBroker | undefined

interface Use {
  /** Resolves with the results that the program got. */
  readonly result: Promise<unknown>
  close(): Promise<void>
}

function subscribe(servers: string[]): Use {
  const consumer = new Consumer({ servers, connectTimeoutMs: CONNECT_MS })
  const lastOffsets = new Map<number, number>()
  const read = async (): Promise<void> => {
    let count = 0
    for await (const { partition, offset, timestamp } of consumer.subscribe('flights', { from: 'earliest' })) {
      if (!Number.isSafeInteger(offset) || offset <= (lastOffsets.get(partition) ?? -1))
        throw new Error(`offset ${offset} of partition ${partition} follows ${lastOffsets.get(partition)}`)
      if (!Number.isSafeInteger(timestamp)) throw new Error(`timestamp ${timestamp}`)
      lastOffsets.set(partition, offset)
      if (++count === MOST_RECORDS) return
    }
  }
  return { result: read(), close: () => consumer.close() }
}

function send(servers: string[]): Use {
  const producer = new Producer({ servers, lingerMs: 0, connectTimeoutMs: CONNECT_MS })
  const sent = async (): Promise<void> => {
    for (const { offset } of await producer.sendBatch('flights', [{ value: 'a' }, { value: 'b', partition: 1 }])) {
      if (!Number.isSafeInteger(offset) || offset < 0) throw new Error(`acknowledged at ${offset}`)
    }
  }
  return { result: sent(), close: () => producer.close({ timeoutMs: 1 }) }
}

function read(servers: string[]): Use {
  const consumer = new Consumer({ servers, connectTimeoutMs: CONNECT_MS })
  const found = async (): Promise<void> => {
    const { records, nextOffset } = await consumer.read('flights', { partition: 0, offset: 1 })
    if (!Number.isSafeInteger(nextOffset) || nextOffset < 1) throw new Error(`goes on at ${nextOffset}`)
    for (const { offset } of records) if (offset < 1) throw new Error(`offset ${offset} was not asked for`)
  }
  return { result: found(), close: () => consumer.close() }
}

const uses = [subscribe, send, read]

function frame<Name extends MessageName>(name: Name, changes: Partial<Message<Name>> = {}, body: Uint8Array[] = []) {
  return { kind: 1, bytes: joined(encodeFrame(name, { ...sampleMessages[name], ...changes }, body)) }
}

const honest: Block = { kind: 0, bytes: new Uint8Array() }
const told = frame('MetadataReply', metadata(1))
const places = { partitions: [{ partition: 0, offset: 0, highWatermark: 2 }], topicId: 't1' }
const records = { partition: 0, nextOffset: 2, highWatermark: 2 }
const fetched = { nextOffset: 2, highWatermark: 2, logStart: 0 }
const more = ({ kind, bytes }: Block): Block => ({ kind: kind - (kind % 8) + 4, bytes })
const withChecksum = ({ bytes }: Block): Block => ({ kind: 2, bytes })
/** Each number of a frame, in turn, as -1; changes of the kind make other odd numbers of it. */
function withOddNumbers(block: Block, numbers: number): Block[][] {
  return Array.from({ length: numbers }, (_, at) => [{ ...block, kind: 1 + 8 * (4 * at + 1) }])
}

/** The first byte chooses the program. */
const sessions: readonly (readonly [number, ...Block[]])[] = [
  [0, told, honest],
  [0, honest, frame('Subscribed', places), honest],
  [0, honest, more(frame('Records', records, [storedBatch()])), honest],
  [0, honest, withChecksum(frame('Records', records, [storedBatch(), storedBatch()])), honest],
  [0, honest, more(frame('SubscriptionEnd')), honest],
  [0, honest, frame('Failure'), frame('Failure'), honest],
  [0, honest, more(frame('Credit')), more(frame('Unsubscribe'))],
  [0, { ...frame('Schemas', { fingerprint: 'other', protocolJson }), kind: 6 }, honest],
  [1, told, honest, honest],
  [1, honest, frame('InitProducerReply'), honest, honest],
  [1, honest, honest, frame('PublishReply'), frame('PublishReply')],
  [1, honest, honest, frame('Failure'), honest],
  [2, told, honest],
  [2, honest, frame('FetchReply', fetched, [storedBatch()])],
  [2, honest, withChecksum(frame('FetchReply', fetched, [storedBatch(), storedBatch()]))],
  [2, honest, frame('Failure'), honest],
  ...withOddNumbers(told, 7).map((blocks): [number, ...Block[]] => [0, ...blocks, honest]),
  ...withOddNumbers(frame('Subscribed', places), 3).map((blocks): [number, ...Block[]] => [
    0,
    honest,
    ...blocks,
    honest,
  ]),
  ...withOddNumbers(frame('Records', records, [storedBatch()]), 3).flatMap(([block]): [number, ...Block[]][] => [
    [0, honest, block!],
    [0, honest, more(block!)],
  ]),
  ...withOddNumbers(frame('InitProducerReply'), 2).map((blocks): [number, ...Block[]] => [1, honest, ...blocks]),
  ...withOddNumbers(frame('PublishReply'), 5).map((blocks): [number, ...Block[]] => [1, honest, honest, ...blocks]),
  ...withOddNumbers(frame('FetchReply', fetched, [storedBatch()]), 3).map((blocks): [number, ...Block[]] => [
    2,
    honest,
    ...blocks,
  ]),
]

function sealBlocks(input: Uint8Array): Uint8Array {
  if (input.length === 0) return input
  const blocks = blocksOf(input.subarray(1)).map(({ kind, bytes }) => ({ kind, bytes: sealedFrame(bytes) }))
  return joined([input.subarray(0, 1), bytesOf(blocks)])
}

/** An error of the SDK is about the broker; one of the language is a mistake of the SDK. */
function checkError(error: unknown): Verdict {
  if (!(error instanceof TailraceError) || isSurprise(error)) throw error
  return 'refused'
}

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} takes more than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Until the program has its result, or no message comes any more. */
async function settled({ result }: Use, lying: LyingBroker): Promise<void> {
  let isOver = false
  const over = result.then(
    () => void (isOver = true),
    () => void (isOver = true),
  )
  while (!isOver && performance.now() - lying.lastSign < QUIET_MS) {
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 2))])
  }
}

/** A broker that sends any answer to a program that subscribes, publishes, or reads with the SDK. */
export const webSocketBrokers: FuzzTarget = {
  name: 'ws-client',
  samples: sessions.map(([use, ...blocks]) => joined([Uint8Array.of(use), bytesOf(blocks)])),
  seal: sealBlocks,
  run: (input) =>
    withoutLooseErrors(async () => {
      broker ??= await LyingBroker.start()
      surprises.length = 0
      broker.play(blocksOf(input.subarray(1)).slice(0, 32))
      const use = uses[(input[0] ?? 0) % uses.length]!([`ws://127.0.0.1:${broker.port}`])
      await settled(use, broker)
      await within(END_MS, 'closing', use.close())
      broker.drop()
      const result = use.result.then((): Verdict => 'taken', checkError)
      const verdict = await within(END_MS, 'what goes on after the end', result)
      if (surprises.length > 0) throw surprises[0]
      return verdict
    }),
}
