import type { AskerFields } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import { isPrincipal } from '../../security/identity/principal.ts'
import { areShort } from '../metadata/commands/command-checks.ts'

/** The client of a request, as it is sent to the broker that carries it out. */
export function askerFields({ principal, groups, host, kind }: Asker): AskerFields {
  return { principal, groups: [...groups], host, kind }
}

/** Whether the fields of another broker's request name a client; null: the broker itself asks. */
export function isAsker(fields: AskerFields | null | undefined): boolean {
  if (fields == null) return true
  const { principal, groups, host, kind } = fields
  return isPrincipal(principal) && areShort(...groups, host, kind) && new Set(groups).size === groups.length
}
