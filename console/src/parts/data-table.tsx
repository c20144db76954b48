import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => ComponentChildren
  /** Figures stand at the right. */
  readonly isNumber?: boolean
  /** It stays on one line where the page is wide. */
  readonly isWhole?: boolean
}

interface TableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string | number
  readonly empty?: string
  /** Other rows have been asked for. */
  readonly isBusy?: boolean
}

const ROW_PX = 34
/** More rows than this are in the document only as far as they are in view. */
const MOST_ROWS = 200
const MARGIN_ROWS = 20

/** A table of any length: of a long one only the rows in view are made. */
export function DataTable<Row>({ label, rows, columns, keyOf, empty = 'None.', isBusy = false }: TableProps<Row>) {
  const box = useRef<HTMLDivElement>(null)
  const isLong = rows.length > MOST_ROWS
  const [from, to] = useView(box, rows.length, isLong)
  if (rows.length === 0)
    return (
      <p class="empty" aria-busy={isBusy}>
        {empty}
      </p>
    )
  const shown = rows.slice(from, to)
  return (
    <section
      class={isLong ? 'table long' : 'table'}
      ref={box as never}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by the keyboard.
      tabIndex={0}
      aria-label={label}
      aria-busy={isBusy}
    >
      <table aria-rowcount={rows.length}>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <Gap rows={from} columns={columns.length} />}
          {shown.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, of, isNumber, isWhole }) => (
                <td key={title} data-title={title} class={isNumber ? 'number' : isWhole ? 'whole' : ''}>
                  <div>{of(row)}</div>
                </td>
              ))}
            </tr>
          ))}
          {to < rows.length && <Gap rows={rows.length - to} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  )
}

/** In the place of rows that are out of view. */
function Gap({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    <tr>
      <td colSpan={columns} style={{ height: `${rows * ROW_PX}px`, padding: 0 }} />
    </tr>
  )
}

/** The rows in view, with some above and below. */
function useView(box: { readonly current: HTMLElement | null }, rows: number, isLong: boolean): [number, number] {
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(600)
  useEffect(() => {
    const element = box.current
    if (element === null || !isLong) return undefined
    const scrolled = (): void => {
      setTop(element.scrollTop)
      setHeight(element.clientHeight)
    }
    scrolled()
    element.addEventListener('scroll', scrolled, { passive: true })
    return () => element.removeEventListener('scroll', scrolled)
  }, [isLong])
  if (!isLong) return [0, rows]
  const from = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS)
  return [from, Math.min(rows, from + Math.ceil(height / ROW_PX) + 2 * MARGIN_ROWS)]
}
