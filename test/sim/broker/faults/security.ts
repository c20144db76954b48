import type { FaultClass } from './fault.ts'

/** No fault: an operator changes users, tokens, rules and quotas while the others strike. */
const security: FaultClass = {
  name: 'security',
  likelihood: 0.5,
  everyMs: [20, 100, 500],
  strike(world, random) {
    if (world.inService.length > 0) world.security.strike(random)
  },
}

export const securityChanges: readonly FaultClass[] = [security]
