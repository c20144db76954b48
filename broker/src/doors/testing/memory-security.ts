import { TailraceError } from '@tailrace/schemas'
import type { Command } from '../../cluster/metadata/commands/command.ts'
import { MetadataState } from '../../cluster/metadata/metadata-state.ts'
import { SecurityAdmin } from '../../cluster/security/security-admin.ts'
import type { Clock } from '../../platform/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import type { Random } from '../../platform/random.ts'
import { Authorizer } from '../../security/access/authorizer.ts'

/** Credentials and rules in memory: a metadata of its own, in the place of the cluster's. */
export function memorySecurity(
  clock: Clock,
  random: Random,
): { readonly security: SecurityAdmin; readonly state: MetadataState } {
  const state = new MetadataState()
  const security = new SecurityAdmin({
    brokerId: 1,
    state,
    client: {
      async submit(intent) {
        const { result } = state.apply(state.head.appliedIndex + 1, { id: random.uuid(), command: intent as Command })
        if (!result.ok) throw new TailraceError(result.code, result.detail)
        return result
      },
    },
    directory: { until: async () => true },
    authorizer: new Authorizer({ mode: 'required', superUsers: ['User:root'], tables: () => state.security }),
    clock,
    random,
    crypto: nodeCrypto,
  })
  return { security, state }
}
