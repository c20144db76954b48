import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** One flight as a record: the key is its origin, the value a JSON text that starts with its row number. */
export interface Flight {
  readonly row: number
  readonly key: string
  readonly value: string
}

const packageFolder = dirname(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))))
export const flightsFile = join(packageFolder, 'data/flights-3m.parquet')

/** Rows [from, to) of the 3,000,000 flights of vega-datasets, in file order. */
export async function readFlights(from: number, to: number): Promise<Flight[]> {
  const file = await asyncBufferFromFile(flightsFile)
  const rows = await parquetReadObjects({ file, compressors, rowStart: from, rowEnd: to })
  return rows.map((row, at) => ({
    row: from + at,
    key: String(row.origin),
    value: JSON.stringify({ row: from + at, ...row }, plain),
  }))
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}
