import { type MessageDecoder, TailraceError } from '@tailrace/schemas'
import { decoderFor } from '@tailrace/schemas/foreign-protocol'

/** Reads the messages of a peer of another version. @throws TailraceError INCOMPATIBLE_PEER */
export function foreignDecoder(json: string): MessageDecoder {
  try {
    return decoderFor(json)
  } catch (error) {
    if (error instanceof TailraceError && error.code === 'INCOMPATIBLE_PEER') throw error
    throw new TailraceError('INCOMPATIBLE_PEER', String(error), { cause: error })
  }
}
