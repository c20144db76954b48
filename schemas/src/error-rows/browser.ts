import type { ErrorCode, ErrorRow } from '../errors.ts'
import { sdkErrors, toldErrors } from './generated.ts'

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(sdkErrors, code) || Object.hasOwn(toldErrors, code)
}

/** Texts are here for errors that an SDK makes itself; brokers tell those of the others. */
export function errorRow(code: ErrorCode): ErrorRow {
  return sdkErrors[code] ?? { status: toldErrors[code] ?? 500, retriable: false, message: `${code}.`, hint: '' }
}
