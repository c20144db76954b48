import type { ErrorCode, ErrorRow } from '../errors.ts'
import { sdkErrors, toldErrors } from './generated.ts'

const statuses = new Map<string, number>()
let hints: Readonly<Record<string, string>> = {}
let loading: Promise<void> | undefined

know(toldErrors)

/** From now on these codes are known, given by their HTTP status. */
export function know(errors: Readonly<Record<number, string>>): void {
  for (const [status, codes] of Object.entries(errors))
    for (const code of codes.split(' ')) statuses.set(code, Number(status))
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(sdkErrors, code) || statuses.has(code)
}

/** Texts are here for errors that an SDK makes itself; brokers tell those of the others. */
export function errorRow(code: ErrorCode): ErrorRow {
  const row = sdkErrors[code] ?? ([statuses.get(code) ?? 500, 0, `${code}.`, ''] as const)
  const [status, retriable, message, hint = hints[code] ?? ''] = row
  return { status, retriable: retriable === 1, message, hint }
}

/** Advice is loaded with the first error that has some, which tells it a moment later. Most pages load none. */
export function advise(error: { readonly code: ErrorCode; hint: string }): void {
  if (error.hint !== '' || !Object.hasOwn(sdkErrors, error.code)) return
  loading ??= import('./hints.ts').then(
    (loaded) => {
      hints = loaded.hints
    },
    () => {
      // The next error tries again.
      loading = undefined
    },
  )
  void loading.then(() => {
    // Meanwhile it may have got that of a broker.
    if (error.hint === '') error.hint = hints[error.code] ?? ''
  })
}
