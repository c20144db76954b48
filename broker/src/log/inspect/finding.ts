import { errorTable, TailraceError } from '@tailrace/schemas'
import { DiskError, isRefusal } from '../../platform/disk.ts'

/** One thing that a look at the files of a broker has found. */
export interface Finding {
  /** damage: bytes are not as they were written, or missing. note: nothing is wrong, and people may ask. */
  readonly severity: 'damage' | 'note'
  readonly file: string
  /** Bytes from the start of the file; null: it is about the file as a whole. */
  readonly position: number | null
  readonly problem: string
  /** The next step of the operator. */
  readonly advice: string
}

export type Report = (finding: Finding) => void

/** The damage that an error of a reader tells; an error of another kind is thrown again. */
export function damageOf(error: unknown, file: string): Finding {
  const known = (error instanceof TailraceError && error.code === 'STORAGE_CORRUPT') || isUnreadable(error)
  if (!known) throw error
  const special = withoutPrefix(error.message, errorTable.STORAGE_CORRUPT.message).trimStart()
  const text = withoutPrefix(special, `${file}: `)
  const end = text.indexOf('. ')
  const [problem, advice] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 2)]
  return { severity: 'damage', file, position: null, problem, advice }
}

/** Bytes that the disk cannot read. That the system refuses to open or read a file tells nothing of its bytes. */
export function isUnreadable(error: unknown): error is DiskError {
  return error instanceof DiskError && error.kind === 'failed' && !isRefusal(error)
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text
}
