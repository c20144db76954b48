import { grouped, megabytes, plural } from '../quantity.ts'

export interface ProgressFigures {
  readonly records: number
  readonly bytes: number
  readonly seconds: number
  /** Bytes of input read, and in all; the second null where it is not known (a pipe). */
  readonly read: number
  readonly total: number | null
}

const barWidth = 24

/** One line of progress, cut to the terminal's width. */
export function progressLine(figures: ProgressFigures, columns: number): string {
  const rate = `${grouped(figures.records)} records  ${megabytes(figures.bytes)}  ${grouped(perSecond(figures))} records/s`
  if (figures.total === null || figures.total === 0) return rate.slice(0, columns - 1)
  const share = Math.min(1, figures.read / figures.total)
  const filled = Math.round(share * barWidth)
  const bar = `[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`
  return `${bar}  ${rate}`.slice(0, columns - 1)
}

export function perSecond(figures: { readonly records: number; readonly seconds: number }): number {
  return figures.seconds > 0 ? figures.records / figures.seconds : 0
}

/** What is printed at the end. */
export function publishedText(topic: string, figures: ProgressFigures): string {
  const { records, bytes, seconds } = figures
  return `published ${plural(records, 'record')} (${megabytes(bytes)}) to ${topic} in ${seconds.toFixed(2)} s: ${grouped(perSecond(figures))} records/s`
}
