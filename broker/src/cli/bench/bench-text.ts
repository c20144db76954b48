import { grouped } from '../quantity.ts'
import { table } from '../table.ts'
import type { BenchResult } from './run-bench.ts'

type Row = NonNullable<BenchResult['publish' | 'readBack']> & { readonly name: string } & Partial<
    Pick<BenchResult['publish'], 'latencyMs'>
  >

/** Figures of a run for people. */
export function benchText(result: BenchResult, width: number): string {
  const { topic, size, rate, publish, follow, readBack } = result
  const rows: Row[] = [{ ...publish, name: 'publish, to its acknowledgement' }]
  if (follow !== null) rows.push({ ...follow, name: 'end to end, until it is read' })
  if (readBack !== null) rows.push({ ...readBack, name: 'read back from the beginning' })
  const ms = (name: 'p50' | 'p99' | 'p999' | 'max') => (row: Row) => row.latencyMs?.[name].toFixed(2) ?? ''
  const figures = table(
    rows,
    [
      { title: 'WHAT', of: ({ name }) => name },
      { title: 'RECORDS/S', of: ({ recordsPerSecond }) => grouped(recordsPerSecond), right: true },
      { title: 'MB/S', of: ({ megabytesPerSecond }) => megabytesPerSecond.toFixed(2), right: true },
      { title: 'P50 MS', of: ms('p50'), right: true },
      { title: 'P99 MS', of: ms('p99'), right: true },
      { title: 'P99.9 MS', of: ms('p999'), right: true },
      { title: 'MAX MS', of: ms('max'), right: true },
    ],
    width,
  )
  const load = rate === 0 ? 'as fast as they are acknowledged' : `${grouped(rate)} a second`
  const head = `${grouped(publish.records)} records of ${grouped(size)} bytes to ${topic} in ${publish.seconds.toFixed(1)} s, ${load}`
  return `${head}\n\n${figures}`
}
