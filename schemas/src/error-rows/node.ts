import { type ErrorCode, type ErrorRow, errorTable } from '../errors.ts'

export { isErrorCode } from '../errors.ts'

/** What the table says of an error. */
export function errorRow(code: ErrorCode): ErrorRow {
  return errorTable[code]
}

/** An error has its advice from the start. */
export function advise(_error: object): void {}
