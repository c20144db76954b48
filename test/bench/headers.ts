import { encodeHeader, ownDecoder } from '../../schemas/src/protocol.ts'
import { toolArguments } from '../tool-arguments.ts'

const usage = `node test/bench/headers.ts [--runs 300000]
CPU time of encoding and of decoding the headers of frames that are sent for every batch or more often.
  --runs N   of each measurement; of nine measurements the third lowest counts`

const { runs } = toolArguments(usage, { runs: { kind: 'number', default: 300_000, least: 1000 } }).values
const MEASUREMENTS = 9

const entry = (at: number) => ({
  term: 7,
  kind: 1,
  baseOffset: 123_456_789 + at * 1000,
  lastOffset: 123_457_788 + at * 1000,
  bytes: 524_288,
})
const append = { group: 12, term: 7, prevIndex: 33_220, prevTerm: 7, commit: 33_220 }
const topicId = '3f2504e0-4f89-11d3-9a0c-0305e82cd2b1'
const reply = { correlation: 123_456, baseOffset: 123_456_789, lastOffset: 123_457_788, duplicate: false }
const headers = [
  ['Records', { subscription: 17, partition: 3, nextOffset: 123_456_789, highWatermark: 123_459_999 }],
  ['Publish', { correlation: 123_456, topic: 'flights', partition: 3, timeoutMs: 30_000, topicId }],
  ['PublishReply', { ...reply, term: 7, index: 33_221, seal: 'c2VhbHNlYWxzZWFs', holders: [1, 2, 3] }],
  ['Append', { ...append, entries: [entry(0)] }],
  ['Append', { ...append, entries: Array.from({ length: 16 }, (_, at) => entry(at)) }],
] as const

/** Nanoseconds of CPU time of one call. */
function cost(run: () => unknown): number {
  const costs = Array.from({ length: MEASUREMENTS }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < runs; i++) run()
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / runs
  })
  return costs.sort((a, b) => a - b)[2]!
}

for (const [name, fields] of headers) {
  const bytes = encodeHeader(name, fields as never, 0)
  const encode = cost(() => encodeHeader(name, fields as never, 0))
  const decode = cost(() => ownDecoder.decode(name, bytes))
  console.log(`${name}, ${bytes.length} bytes: encode ${encode.toFixed(0)} ns, decode ${decode.toFixed(0)} ns`)
}
