import type { AskerFields } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import { askerHeader } from '../../security/identity/asker-header.ts'

/** The client of a request that goes on to the source, as the source is told of it. */
export interface Vouching {
  /** For a message. */
  fields(asker: Asker | undefined): { readonly asker?: AskerFields }
  /** For a request over HTTP. @throws TailraceError INVALID_REQUEST: it is in too many groups */
  header(asker: Asker | undefined): Readonly<Record<string, string>>
}

/**
 * `asksClients`: clients are asked for credentials here. Where they are not, this broker does not know whose a request
 * is, and sends it in its own name. So it does for the holder of its admin token, who is nobody at the source.
 */
export function vouching(asksClients: boolean): Vouching {
  const known = (asker: Asker | undefined) => (asksClients && asker?.kind !== 'admin-token' ? asker : undefined)
  return {
    fields: (asker) => askedBy(known(asker)),
    header: (asker) => askerHeader(known(asker)),
  }
}
