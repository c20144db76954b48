import type { ComponentChildren } from 'preact'
import { ApiError } from '../api/http.ts'

/** An error with what to do about it. */
export function Refusal({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  const known = error instanceof ApiError ? error : new ApiError('', String((error as Error).message ?? error), '')
  return (
    <p class="notice bad" role="alert">
      {known.code !== '' && <b>{known.code} </b>}
      {known.message} {known.hint}
    </p>
  )
}

export function Notice({ kind = '', children }: { readonly kind?: string; readonly children: ComponentChildren }) {
  return <p class={`notice ${kind}`}>{children}</p>
}
