import { describe, expect, it } from 'vitest'
import { type Column, table } from './table.ts'

interface Row {
  readonly name: string
  readonly records: number
  readonly config: string
}

const columns: readonly Column<Row>[] = [
  { title: 'TOPIC', of: ({ name }) => name },
  { title: 'RECORDS', of: ({ records }) => records, right: true },
  { title: 'CONFIG', of: ({ config }) => config },
]
const rows: readonly Row[] = [
  { name: 'a', records: 12_345_678_901, config: 'retentionMs=86400000 maxBatchBytes=2000' },
  { name: 'departures-of-today', records: 7, config: '' },
]
const wide = [
  'TOPIC                    RECORDS  CONFIG',
  'a                    12345678901  retentionMs=86400000 maxBatchBytes=2000',
  'departures-of-today            7',
]

describe('a table', () => {
  it('is whole where it fits, or where nothing bounds it', () => {
    expect(table(rows, columns, Number.POSITIVE_INFINITY).split('\n')).toEqual(wide)
    expect(table(rows, columns, wide[1]!.length).split('\n')).toEqual(wide)
  })

  it('has its widest text shortened where the terminal is narrower', () => {
    expect(table(rows, columns, 60).split('\n')).toEqual([
      'TOPIC                    RECORDS  CONFIG',
      'a                    12345678901  retentionMs=86400000 maxB…',
      'departures-of-today            7',
    ])
  })

  it('shortens more than one column where it must, and keeps numbers and titles', () => {
    for (let width = 1; width < 80; width++) {
      const lines = table(rows, columns, width).split('\n')
      const longest = Math.max(...lines.map((line) => line.length))
      // TOPIC and CONFIG keep 8 columns each.
      expect(longest).toBeLessThanOrEqual(Math.max(width, 8 + 2 + 11 + 2 + 8))
      expect(lines[0]).toMatch(/^TOPIC +RECORDS +CONFIG$/)
      expect(lines[1]).toContain(' 12345678901  ')
    }
  })

  it('of no rows is its titles', () => {
    expect(table([], columns, 10)).toBe('TOPIC  RECORDS  CONFIG')
  })
})
