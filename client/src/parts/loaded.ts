import { TailraceError } from '@tailrace/schemas'
import { orAborted } from '../delay.ts'

/**
 * Code of the SDK that a page loads when it is needed. `signal`: ends the wait, however long loading takes.
 * @throws TailraceError CODE_NOT_LOADED; as {@link orAborted}
 */
export function loaded<Part>(loading: Promise<Part>, signal?: AbortSignal): Promise<Part> {
  const part = loading.catch((cause) => {
    throw new TailraceError('CODE_NOT_LOADED', String(cause), { cause })
  })
  return orAborted(part, signal)
}
