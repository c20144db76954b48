import { expect, test } from 'vitest'
import type { SeriesTable } from '../../platform/series-table.ts'
import { seriesText } from './series-text.ts'

interface Item {
  readonly name: string
  readonly size: number
}

/** A clock on which each read of an item takes so long. */
function worldWhereReadsTake(ms: number) {
  let now = 0
  let turns = 0
  const clock = {
    monotonic: () => now,
    soon: (call: () => void) => {
      turns += 1
      queueMicrotask(call)
    },
  }
  const table: SeriesTable<Item> = {
    labels: ['name'],
    valuesOf: ({ name }) => [name],
    gauges: [
      [
        'a',
        'The size.',
        [],
        ({ size }) => {
          now += ms
          return size === 1 ? null : size
        },
      ],
      [
        'b',
        'Each half.',
        ['half', 'of'],
        ({ size }) => [[['left', 'a'], size / 2] as const, [['right', 'a'], Infinity] as const],
      ],
    ],
  }
  return { clock, table, turns: () => turns }
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

test('each gauge stands together, with the labels of its items and its own, and without those that have no figure', async () => {
  const { clock, table } = worldWhereReadsTake(0)
  const items = [0, 1, 2].map((size) => ({ name: size === 2 ? 'q"\\\n' : `n${size}`, size }))
  expect(await textOf(seriesText(table, items, clock))).toBe(`# HELP a The size.
# TYPE a gauge
a{name="n0"} 0
a{name="q\\"\\\\\\n"} 2
# HELP b Each half.
# TYPE b gauge
b{name="n0",half="left",of="a"} 0
b{name="n0",half="right",of="a"} +Inf
b{name="n1",half="left",of="a"} 0.5
b{name="n1",half="right",of="a"} +Inf
b{name="q\\"\\\\\\n",half="left",of="a"} 1
b{name="q\\"\\\\\\n",half="right",of="a"} +Inf
`)
})

test('the event loop goes on after some milliseconds of work', async () => {
  const items = Array.from({ length: 1600 }, (_, size) => ({ name: 'n', size: size + 2 }))
  // 16 items of 0.5 ms are 8 ms: the clock is read after them.
  const { clock, table, turns } = worldWhereReadsTake(0.5)
  expect((await textOf(seriesText(table, items, clock))).split('\n').length).toBe(2 * 2 + 1600 * 3 + 1)
  expect(turns()).toBe(100)
  const fast = worldWhereReadsTake(0)
  await textOf(seriesText(fast.table, items, fast.clock))
  expect(fast.turns()).toBe(0)
})
