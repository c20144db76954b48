import { BatchWriter, Compression, NO_PRODUCER } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { DumpedItem } from '../../log/inspect/dumped-item.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { type DumpOptions, printItems } from './dump-lines.ts'

function batch(value: string | Uint8Array): Uint8Array {
  const writer = new BatchWriter()
  writer.append({
    timestamp: 0,
    key: Buffer.from('k\n'),
    value: typeof value === 'string' ? Buffer.from(value) : value,
  })
  const fields = { producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1 }
  return writer.finish({ ...fields, compression: Compression.none, attributes: 0 })
}

const entry = (group: number, endOffset: number, more: Partial<DumpedItem> = {}): DumpedItem => ({
  position: 81 * endOffset,
  kind: 'entry',
  fields: { group, index: endOffset, crc: 'ok', lastOffset: undefined },
  group,
  endOffset,
  ...more,
})
const damage: DumpedItem = { position: 7, kind: 'damage', fields: { problem: 'it is gone' } }

async function print(items: readonly DumpedItem[], options: Partial<DumpOptions> = {}) {
  const terminal = memoryTerminal()
  const all = { from: null, group: null, limit: 100, records: false, json: false, ...options }
  async function* give() {
    yield* items
  }
  const code = await printItems(give(), all, terminal)
  return { code, lines: terminal.text().trimEnd().split('\n') }
}

test('a line an item, in fields; JSON has the same', async () => {
  const items = [entry(1, 1)]
  expect(await print(items)).toEqual({ code: 0, lines: ['        81  entry       group=1  index=1  crc=ok'] })
  const { lines } = await print(items, { json: true })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { position: 81, kind: 'entry', group: 1, index: 1, crc: 'ok' },
  ])
})

test('offset, group and limit choose; damage is shown in any case, and is the exit code', async () => {
  const items = [entry(1, 1), entry(2, 2), damage, entry(1, 3), entry(1, 4)]
  const chosen = await print(items, { from: 1, group: 1, limit: 2 })
  expect(chosen.lines.map((line) => line.trim().split(/ +/).slice(0, 2))).toEqual([
    ['7', 'damage'],
    ['243', 'entry'],
  ])
  expect(chosen.code).toBe(1)
  expect((await print([entry(1, 1, { fields: { crc: 'wrong' } })])).code).toBe(1)
})

test('an entry with a wrong checksum is shown whatever offset it says, or says none', async () => {
  const wrong = { fields: { crc: 'wrong' } }
  const { endOffset, ...noOffset } = entry(1, 2, wrong)
  const { code, lines } = await print([entry(1, 1), entry(1, 3, wrong), noOffset, entry(1, 90)], { from: 50 })
  expect(lines.map((line) => line.trim().split(/ +/)[0])).toEqual(['243', String(81 * endOffset!), '7290'])
  expect(code).toBe(1)
})

test('records follow their entry; control characters do not reach the terminal', async () => {
  const items = [entry(1, 1, { batch: batch('v\x1b[31m') })]
  const { lines } = await print(items, { records: true })
  expect(lines[1]).toBe('            0  1970-01-01T00:00:00.000Z  k\\u000a  v\\u001b[31m')
  expect(await print(items)).toMatchObject({ lines: [lines[0]] })
  const json = await print([entry(1, 1, { batch: batch(Uint8Array.of(255)) })], { records: true, json: true })
  expect(JSON.parse(json.lines[0]!).records).toEqual([
    { offset: 0, timestamp: 0, key: 'k\n', value: { base64: '/w==' }, headers: [] },
  ])
})

test('records that cannot be read are said to be so', async () => {
  const broken = batch('value')
  broken[22] = 7
  const { lines } = await print([entry(1, 1, { batch: broken })], { records: true })
  expect(lines[1]).toMatch(/compression/i)
})

test('a terminal that is interrupted ends the dump', async () => {
  const terminal = memoryTerminal()
  async function* endless() {
    for (;;) {
      yield entry(1, 1)
      terminal.interrupt()
    }
  }
  const options = { from: null, group: null, limit: 1000, records: false, json: false }
  expect(await printItems(endless(), options, terminal)).toBe(130)
  expect(terminal.out).toHaveLength(1)
})
