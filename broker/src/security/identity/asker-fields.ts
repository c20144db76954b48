import { type AskerFields, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import { isPrincipal } from './principal.ts'

/** Cascade brokers on the way of a request: there is one a level. */
const MOST_VOUCHERS = 100
/** Addresses, and names of groups. */
const MOST_CHARACTERS = 1000

/** A client for which another broker asks. `rulesVersion`: see AskerFields. */
export interface ForwardedAsker extends Asker {
  readonly rulesVersion: number
}

/** The client of a request, as it is sent to the broker that carries it out. */
export function askerFields({ principal, groups, host, kind, via }: Asker, rulesVersion = 0): AskerFields {
  return { principal, groups: [...groups], host, kind, via: via.map((voucher) => ({ ...voucher })), rulesVersion }
}

/** For a request; nothing where the broker asks for itself. `rulesVersion`: see AskerFields. */
export function askedBy(asker: Asker | null | undefined, rulesVersion = 0): { readonly asker?: AskerFields } {
  return asker == null ? {} : { asker: askerFields(asker, rulesVersion) }
}

/** Of a request of another broker; null: it asks for itself. @throws TailraceError INVALID_REQUEST: it is no client */
export function askerOf(fields: { readonly asker?: AskerFields | null }): ForwardedAsker | null {
  const { asker } = fields
  if (asker == null) return null
  if (isAsker(asker)) return { ...asker, via: asker.via ?? [], rulesVersion: asker.rulesVersion ?? 0 }
  throw new TailraceError('INVALID_REQUEST', 'It names no client for which a broker could ask.')
}

function isAsker({ principal, groups, host, kind, via = [], rulesVersion = 0 }: AskerFields): boolean {
  const areNames = isPrincipal(principal) && via.every((voucher) => isPrincipal(voucher.principal))
  const texts = [...groups, host, kind, ...via.map((voucher) => voucher.host)]
  // A cascade broker does not copy from itself, not even by way of others.
  const areOnce = [groups, via.map((voucher) => voucher.principal)].every((all) => new Set(all).size === all.length)
  const areShort = texts.every((text) => text.length <= MOST_CHARACTERS)
  return areNames && areShort && areOnce && via.length <= MOST_VOUCHERS && rulesVersion >= 0
}
