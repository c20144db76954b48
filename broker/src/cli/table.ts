export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string | number
  /** Numbers stand right, and are never shortened. */
  readonly right?: true
}

const GAP = '  '
/** A shortened column keeps as much, or its title where that is longer. */
const LEAST_WIDTH = 8

/**
 * Rows as lines of aligned columns under a line of titles, for people. Without rows, only the titles. `width`: columns
 * of the terminal; where the table is wider, its widest columns of text are shortened, each to the width that it needs.
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => String(column.of(row)))),
  ]
  const natural = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)))
  const widths = fitted(natural, columns, width)
  return cells
    .map((line) =>
      line
        .map((cell, index) => align(shortened(cell, widths[index]!), widths[index]!, columns[index]!.right === true))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n')
}

/** Takes from the widest column of text until the table fits, or none can give more. */
function fitted(natural: readonly number[], columns: readonly Column<never>[], width: number): number[] {
  const widths = [...natural]
  const least = columns.map(({ title, right }, index) =>
    right === true ? natural[index]! : Math.min(natural[index]!, Math.max(LEAST_WIDTH, title.length)),
  )
  let over = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1) - width
  for (; over > 0; over--) {
    const widest = widths.reduce((best, each, index) => {
      const canGive = each > least[index]!
      return canGive && (best === -1 || each > widths[best]!) ? index : best
    }, -1)
    if (widest === -1) break
    widths[widest]!--
  }
  return widths
}

function shortened(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell
}

function align(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width)
}
