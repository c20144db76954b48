import { isDeepStrictEqual } from 'node:util'
import type { BrokerId } from '@tailrace/schemas'
import type { Command } from '../../../broker/src/cluster/metadata/commands/command.ts'
import type { SecurityTables } from '../../../broker/src/security/security-tables.ts'
import { Finding } from './finding.ts'

type Copy = Pick<SecurityTables, 'users' | 'tokens' | 'acls' | 'quotas'>

/** The users, tokens, rules and quotas that the committed metadata has had, version by version. */
export class SecurityWatch {
  /** Commands that changed them. */
  changes = 0
  readonly #versions = new Map<number, Copy>()
  readonly #gone = new Set<string>()
  readonly #seen = new WeakMap<object, number>()
  readonly #tables: SecurityTables

  /** `tables`: those of the committed metadata. */
  constructor(tables: SecurityTables) {
    this.#tables = tables
    this.#keep()
  }

  /** The committed metadata has this command applied. @throws Finding */
  committed(command: Command): void {
    const { version, tokens } = this.#tables
    if (command.type === 'remove-tokens') for (const id of command.ids) this.#gone.add(id)
    for (const id of this.#gone) if (tokens.has(id)) throw kept(`the token ${id} was removed, and is there again`)
    if (this.#versions.has(version)) return
    this.changes++
    this.#keep()
  }

  /** These, of a broker that copies them, are the present ones. */
  isPresent({ users, tokens, acls, quotas }: Copy): boolean {
    const { users: u, tokens: t, acls: a, quotas: q } = this.#tables
    return isDeepStrictEqual({ users, tokens, acls, quotas }, { users: u, tokens: t, acls: a, quotas: q })
  }

  get version(): number {
    return this.#tables.version
  }

  /** A broker has the tables of some version, and in one life never an earlier one. @throws Finding */
  check(broker: BrokerId, life: object, tables: SecurityTables): void {
    const { version } = tables
    const name = `broker ${broker} at version ${version}`
    const known = this.#versions.get(version)
    if (known === undefined) throw kept(`${name}, which no command has made`)
    if (!isDeepStrictEqual(copyOf(tables), known)) throw kept(`${name} has other tables: ${differences(tables, known)}`)
    const seen = this.#seen.get(life) ?? 0
    if (version < seen) throw kept(`${name} has had version ${seen}`)
    this.#seen.set(life, version)
  }

  #keep(): void {
    this.#versions.set(this.#tables.version, copyOf(this.#tables))
  }
}

export function kept(detail: string): Finding {
  return new Finding('security-is-kept', detail)
}

function copyOf({ users, tokens, acls, quotas }: SecurityTables): Copy {
  return { users: new Map(users), tokens: new Map(tokens), acls: new Map(acls), quotas: new Map(quotas) }
}

/** The keys of each table that only one of the two has, or whose rows differ. */
function differences(here: Copy, there: Copy): string {
  const names = ['users', 'tokens', 'acls', 'quotas'] as const
  const found = names.map((name) => {
    const [own, other] = [here[name] as ReadonlyMap<string, unknown>, there[name] as ReadonlyMap<string, unknown>]
    const keys = new Set([...own.keys(), ...other.keys()])
    return [name, [...keys].filter((key) => !isDeepStrictEqual(own.get(key), other.get(key)))]
  })
  return JSON.stringify(Object.fromEntries(found))
}
