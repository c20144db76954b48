import type { Acl, Operation, Resource, ResourceType } from '../../api/security-api.ts'
import { hostOf } from '../../platform/client-address.ts'
import { ANONYMOUS, EVERYBODY } from '../identity/principal.ts'
import type { Session } from '../identity/session.ts'
import { allowedBy } from './acl.ts'

type Asker = Pick<Session, 'principal' | 'groups' | 'host'>

/** Rules ordered by what they are about, for one version of the tables. */
export class AclIndex {
  readonly #literal = new Map<string, Acl[]>()
  readonly #prefixed = new Map<string, Acl[]>()
  /** Those that allow a client without a credential something. */
  readonly #anonymous: Acl[] = []
  /** Lengths of the prefixes that occur, each once. */
  readonly #lengths = new Set<number>()

  constructor(acls: Iterable<Acl>) {
    for (const acl of acls) {
      const { type, name, pattern } = acl.resource
      const isForAll = acl.principal === EVERYBODY || acl.principal === ANONYMOUS
      if (isForAll && acl.permission === 'allow') this.#anonymous.push(acl)
      const rules = pattern === 'literal' ? this.#literal : this.#prefixed
      if (pattern === 'prefixed') this.#lengths.add(name.length)
      const key = keyOf(type, name)
      const found = rules.get(key)
      if (found === undefined) rules.set(key, [acl])
      else found.push(acl)
    }
  }

  /** Whether some rule allows a client without a credential something: asked for each of its requests. */
  allowsAnonymous(asker: Asker): boolean {
    return this.#anonymous.some((acl) => isAbout(acl, asker))
  }

  /** A rule that forbids comes before one that allows; null: there is none, which forbids. */
  decide(asker: Asker, operation: Operation, resource: Resource): Acl | null {
    const allowing = allowedBy(operation)
    let allowed: Acl | null = null
    for (const acl of this.#about(resource)) {
      if (!isAbout(acl, asker)) continue
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
        for (const acl of list) {
          const { resource } = acl
          if (resource.type !== type || acl.permission === 'deny' || !isAbout(acl, asker)) continue
          if (acl.operation !== 'all' && !allowedBy(operation).includes(acl.operation)) continue
          if (!this.#isWhollyDenied(asker, operation, acl)) return acl
        }
      }
    }
    return null
  }

  #isWhollyDenied(asker: Asker, operation: Operation, { resource }: Acl): boolean {
    const { type, name } = resource
    for (const acl of this.#about({ type, name })) {
      // A literal denial is about one name of all that a prefix covers.
      if (resource.pattern === 'prefixed' && acl.resource.pattern === 'literal' && acl.resource.name !== '*') continue
      const isDenial = acl.permission === 'deny' && (acl.operation === 'all' || acl.operation === operation)
      if (isDenial && isAbout(acl, asker)) return true
    }
    return false
  }

  *#about({ type, name }: Resource): Iterable<Acl> {
    yield* this.#literal.get(keyOf(type, name)) ?? []
    if (name !== '*') yield* this.#literal.get(keyOf(type, '*')) ?? []
    for (const length of this.#lengths) {
      if (length <= name.length) yield* this.#prefixed.get(keyOf(type, name.slice(0, length))) ?? []
    }
  }
}

function isAbout({ principal, host }: Acl, asker: Asker): boolean {
  if (host !== '*' && hostOf(host) !== asker.host) return false
  return principal === asker.principal || principal === EVERYBODY || asker.groups.includes(principal)
}

function keyOf(type: ResourceType, name: string): string {
  return `${type} ${name}`
}
