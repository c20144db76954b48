import type { Acl, Operation, Resource, ResourceType } from '../../api/security-api.ts'
import { hostOf } from '../../platform/client-address.ts'
import { ANONYMOUS, EVERYBODY } from '../identity/principal.ts'
import type { Session } from '../identity/session.ts'
import { allowedBy } from './acl.ts'

type Asker = Pick<Session, 'principal' | 'groups' | 'host'>

interface Indexed {
  readonly acl: Acl
  /** As `hostOf` writes it, or `*`. */
  readonly host: string
}

/** Rules ordered by what they are about, for one version of the tables. */
export class AclIndex {
  readonly #literal = new Map<string, Indexed[]>()
  readonly #prefixed = new Map<string, Indexed[]>()
  /** Those that allow a client without a credential something. */
  readonly #anonymous: Indexed[] = []
  /** Lengths of the prefixes that occur, each once. */
  readonly #lengths = new Set<number>()

  constructor(acls: Iterable<Acl>) {
    for (const acl of acls) {
      const { type, name, pattern } = acl.resource
      const rule = { acl, host: hostOf(acl.host) }
      const isForAll = acl.principal === EVERYBODY || acl.principal === ANONYMOUS
      if (isForAll && acl.permission === 'allow') this.#anonymous.push(rule)
      const rules = pattern === 'literal' ? this.#literal : this.#prefixed
      if (pattern === 'prefixed') this.#lengths.add(name.length)
      const key = keyOf(type, name)
      const found = rules.get(key)
      if (found === undefined) rules.set(key, [rule])
      else found.push(rule)
    }
  }

  /** Whether some rule allows a client without a credential something: asked for each of its requests. */
  allowsAnonymous(asker: Asker): boolean {
    return this.#anonymous.some((rule) => isAbout(rule, asker))
  }

  /** A rule that forbids comes before one that allows; null: there is none, which forbids. */
  decide(asker: Asker, operation: Operation, resource: Resource): Acl | null {
    const allowing = allowedBy(operation)
    let allowed: Acl | null = null
    for (const rule of this.#about(resource)) {
      if (!isAbout(rule, asker)) continue
      const { acl } = rule
      if (acl.permission === 'deny') {
        if (acl.operation === 'all' || acl.operation === operation) return acl
      } else if (acl.operation === 'all' || allowing.includes(acl.operation)) allowed ??= acl
    }
    return allowed
  }

  /**
   * A rule that allows the operation on some resource of the type, unless every one that it could be about is forbidden
   * (KIP-679); null: there is none.
   */
  decideAny(asker: Asker, operation: Operation, type: ResourceType): Acl | null {
    for (const rules of [this.#literal, this.#prefixed]) {
      for (const list of rules.values()) {
        for (const rule of list) {
          const { acl } = rule
          if (acl.resource.type !== type || acl.permission === 'deny' || !isAbout(rule, asker)) continue
          if (acl.operation !== 'all' && !allowedBy(operation).includes(acl.operation)) continue
          if (!this.#isWhollyDenied(asker, operation, acl)) return acl
        }
      }
    }
    return null
  }

  #isWhollyDenied(asker: Asker, operation: Operation, { resource }: Acl): boolean {
    const { type, name } = resource
    for (const rule of this.#about({ type, name })) {
      const { acl } = rule
      // A literal denial is about one name of all that a prefix covers.
      if (resource.pattern === 'prefixed' && acl.resource.pattern === 'literal' && acl.resource.name !== '*') continue
      const isDenial = acl.permission === 'deny' && (acl.operation === 'all' || acl.operation === operation)
      if (isDenial && isAbout(rule, asker)) return true
    }
    return false
  }

  *#about({ type, name }: Resource): Iterable<Indexed> {
    yield* this.#literal.get(keyOf(type, name)) ?? []
    if (name !== '*') yield* this.#literal.get(keyOf(type, '*')) ?? []
    for (const length of this.#lengths) {
      if (length <= name.length) yield* this.#prefixed.get(keyOf(type, name.slice(0, length))) ?? []
    }
  }
}

function isAbout({ acl: { principal }, host }: Indexed, asker: Asker): boolean {
  if (host !== '*' && host !== asker.host) return false
  return principal === asker.principal || principal === EVERYBODY || asker.groups.includes(principal)
}

function keyOf(type: ResourceType, name: string): string {
  return `${type} ${name}`
}
