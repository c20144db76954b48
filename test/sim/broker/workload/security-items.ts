import type { Quota } from '../../../../broker/src/api/quotas.ts'
import type { Acl, SecurityApi } from '../../../../broker/src/api/security-api.ts'
import { aclKey } from '../../../../broker/src/security/acl/acl.ts'
import { quotaKey } from '../../../../broker/src/security/quotas/quota.ts'
import type { SecurityTables } from '../../../../broker/src/security/security-tables.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'

/** One request. */
export interface Act {
  readonly what: string
  readonly ask: (security: SecurityApi) => Promise<unknown>
  /**
   * The row when it is done; null: none. Undefined: the broker chooses a part of it, and it is another one each time.
   */
  readonly row?: unknown
}

/** A row of one of the tables that the operator puts there, changes and removes. */
export interface Item {
  readonly name: string
  row(tables: SecurityTables): unknown
  /** A request that changes it. */
  act(exists: boolean, random: SimRandom): Act
}

/** One of a kind that no other has the name of. */
export function newItem(random: SimRandom, number: number): Item {
  return random.pick([user, token, rule, quota])(number)
}

function user(number: number): Item {
  const name = `user-${number}`
  return {
    name,
    row: ({ users }) => users.get(name) ?? null,
    act(exists, random) {
      const password = `password-${random.below(1_000)}`
      if (!exists || random.chance(0.5))
        return { what: `password of ${name}`, ask: (security) => security.setPassword(name, password) }
      return { what: `no more ${name}`, row: null, ask: (security) => security.deleteUser(name) }
    },
  }
}

/** Each time another token, for one that is removed is never there again. */
function token(number: number): Item {
  const name = `token of User:svc-${number}`
  let id = ''
  return {
    name,
    row: ({ tokens }) => tokens.get(id) ?? null,
    act(exists) {
      if (exists) return { what: `no more ${name}`, row: null, ask: (security) => security.revokeToken(id) }
      const request = { principal: `User:svc-${number}`, scope: null, lifetimeMs: null }
      const ask = async (security: SecurityApi) => {
        id = ''
        const { description } = await security.createToken(request)
        id = description.id
      }
      return { what: name, ask }
    },
  }
}

function rule(number: number): Item {
  const resource = { type: 'topic', name: `topic-${number}`, pattern: 'literal' } as const
  const acl: Acl = { principal: 'User:ann', host: '*', operation: 'read', permission: 'allow', resource }
  const name = `rule about topic-${number}`
  return {
    name,
    row: ({ acls }) => acls.get(aclKey(acl)) ?? null,
    act(exists) {
      if (!exists) return { what: name, row: acl, ask: (security) => security.addAcls([acl]) }
      const ask = (security: SecurityApi) => security.removeAcls({ name: resource.name })
      return { what: `no more ${name}`, row: null, ask }
    },
  }
}

function quota(number: number): Item {
  const entity = { principal: `User:user-${number}`, clientId: null, address: null }
  const name = `quota of user-${number}`
  return {
    name,
    row: ({ quotas }) => quotas.get(quotaKey(entity)) ?? null,
    act(exists, random) {
      if (exists && random.chance(0.5))
        return { what: `no more ${name}`, row: null, ask: (security) => security.removeQuota(entity) }
      const row: Quota = { entity, limits: { connections: 1 + random.below(1_000_000) } }
      return { what: name, row, ask: (security) => security.setQuota(row) }
    },
  }
}

/** Of everything that a refused request is about: no row has it. */
export const NOBODY = 'nobody'

/** A request that no broker may carry out. */
export function refusedAct(random: SimRandom): Act {
  const entity = { principal: null, clientId: NOBODY, address: null }
  const resource = { type: 'topic', name: NOBODY, pattern: 'literal' } as const
  const acl = { principal: NOBODY, host: '*', operation: 'read', permission: 'allow', resource } as const
  const token = { principal: `Group:${NOBODY}`, scope: null, lifetimeMs: null }
  return random.pick<Act>([
    { what: 'no more of a user that is none', ask: (security) => security.deleteUser(NOBODY) },
    { what: 'no more of a token that is none', ask: (security) => security.revokeToken('f'.repeat(24)) },
    { what: 'no more of a quota that is none', ask: (security) => security.removeQuota(entity) },
    { what: 'a quota of 0', ask: (security) => security.setQuota({ entity, limits: { connections: 0 } }) },
    { what: 'a rule about no principal', ask: (security) => security.addAcls([acl]) },
    { what: 'a token of a group', ask: (security) => security.createToken(token) },
    { what: 'a user without a name', ask: (security) => security.setPassword(`-${NOBODY}`, 'password') },
  ])
}
