import type { Clock } from '../../platform/clock.ts'
import type { SeriesRow, SeriesTable } from '../../platform/series-table.ts'
import { Turns } from '../../platform/timing/turns.ts'

/**
 * The series in the text format of Prometheus, in pieces. A gauge for each of 10,000 items in prom-client's own objects
 * would hold the event loop for a third of a second; this is written straight from the items, which are all looked at
 * once, and the event loop goes on in between.
 */
export async function* seriesText<Item>(
  { labels, valuesOf, gauges }: SeriesTable<Item>,
  items: Iterable<Item>,
  clock: Pick<Clock, 'monotonic' | 'soon'>,
): AsyncIterable<string> {
  const turns = new Turns(clock)
  const labelled: (readonly [labels: string, item: Item])[] = []
  for (const item of items) {
    labelled.push([labelText(labels, valuesOf(item)), item])
    if (turns.isOver()) await turns.next()
  }
  for (const row of gauges) {
    let text = `# HELP ${row[0]} ${row[1]}\n# TYPE ${row[0]} gauge\n`
    for (const [common, item] of labelled) {
      text += rowText(row, common, item)
      if (!turns.isOver()) continue
      yield text
      text = ''
      await turns.next()
    }
    yield text
  }
}

function rowText<Item>([name, , labels, read]: SeriesRow<Item>, common: string, item: Item): string {
  const figures = read(item)
  if (figures === null) return ''
  if (typeof figures === 'number') return `${name}{${common}} ${shown(figures)}\n`
  let text = ''
  for (const [values, figure] of figures) text += `${name}{${common},${labelText(labels, values)}} ${shown(figure)}\n`
  return text
}

function shown(figure: number): string {
  return figure === Number.POSITIVE_INFINITY ? '+Inf' : String(figure)
}

function labelText(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, at) => `${label}="${escaped(values[at]!)}"`).join(',')
}

function escaped(value: string): string {
  return /["\\\n]/.test(value) ? value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n') : value
}
