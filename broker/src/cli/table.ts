export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string | number
  /** Numbers stand right. */
  readonly right?: true
}

/** Rows as lines of aligned columns under a line of titles, for people. Without rows, only the titles. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => String(column.of(row)))),
  ]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)))
  return cells
    .map((line) =>
      line
        .map((cell, index) => align(cell, widths[index]!, columns[index]!.right === true))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function align(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width)
}
