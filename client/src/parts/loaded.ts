import { TailraceError } from '@tailrace/schemas'

/**
 * Code of the SDK that a page loads when it is needed.
 * @throws TailraceError CODE_NOT_LOADED
 */
export async function loaded<Part>(loading: Promise<Part>): Promise<Part> {
  try {
    return await loading
  } catch (cause) {
    throw new TailraceError('CODE_NOT_LOADED', String(cause), { cause })
  }
}
