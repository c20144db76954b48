import { TailraceError } from '@tailrace/schemas'
import type { Quota } from '../../api/quotas.ts'
import type { Acl } from '../../api/security-api.ts'
import type { Crypto } from '../../platform/crypto.ts'
import type { SecurityTables, StoredToken, StoredUser } from '../../security/security-tables.ts'
import type { SecurityPage } from '../wire/cascade-messages.ts'

/** Bytes of the items in one answer, as JSON: well below the limit of a frame's header. */
const MOST_BYTES = 1024 * 1024
/** As the schema has it, of each table. */
const MOST_ITEMS = 5000

interface Listed {
  readonly version: number
  /** Quotas are the last: a broker of a version without them reads up to where they begin. */
  readonly items: readonly Item[]
  readonly quotaTotal: number
  readonly digest: string
}

type Item =
  | { readonly kind: 'users'; readonly item: StoredUser; readonly bytes: number }
  | { readonly kind: 'tokens'; readonly item: StoredToken; readonly bytes: number }
  | { readonly kind: 'acls'; readonly item: Acl; readonly bytes: number }
  | { readonly kind: 'quotas'; readonly item: Quota; readonly bytes: number }

/** Users, tokens, rules and quotas with a digest, so that brokers below ask for them only when they have changed. */
export class SecurityList {
  readonly #tables: () => SecurityTables | null
  readonly #crypto: Pick<Crypto, 'hash'>
  #last: Listed | null = null

  /** `tables`: null while this broker does not know any. */
  constructor(tables: () => SecurityTables | null, crypto: Pick<Crypto, 'hash'>) {
    this.#tables = tables
    this.#crypto = crypto
  }

  /** Empty while there is nothing to give. */
  get digest(): string {
    return this.#get()?.digest ?? ''
  }

  /** @throws TailraceError NOT_READY */
  page(from: number): SecurityPage {
    const list = this.#get()
    if (list === null) throw new TailraceError('NOT_READY', 'This broker knows no users and no rules yet.')
    const { items, digest, quotaTotal } = list
    const total = items.length - quotaTotal
    let end = from
    for (let bytes = 0; end < items.length && end - from < MOST_ITEMS && bytes < MOST_BYTES; end++)
      bytes += items[end]!.bytes
    const part = items.slice(from, end)
    const of = <Kind extends Item['kind']>(kind: Kind) =>
      part.filter((one) => one.kind === kind).map(({ item }) => item as Extract<Item, { kind: Kind }>['item'])
    const tables = { users: of('users'), tokens: of('tokens'), acls: of('acls'), quotas: of('quotas') }
    return { digest, total, ...tables, quotaTotal }
  }

  #get(): Listed | null {
    const tables = this.#tables()
    if (tables === null) return null
    const { version, users, tokens, acls, quotas } = tables
    if (this.#last?.version === version) return this.#last
    const texts: string[] = []
    const sized = <Kind extends Item['kind']>(kind: Kind, all: Iterable<Extract<Item, { kind: Kind }>['item']>) =>
      Array.from(all, (item) => {
        const text = JSON.stringify(item)
        texts.push(text)
        return { kind, item, bytes: text.length } as unknown as Item
      })
    const items = [
      ...sized('users', users.values()),
      ...sized('tokens', tokens.values()),
      ...sized('acls', acls.values()),
      ...sized('quotas', quotas.values()),
    ]
    const hash = this.#crypto.hash('sha256', new TextEncoder().encode(JSON.stringify(texts)))
    this.#last = { version, items, quotaTotal: quotas.size, digest: Buffer.from(hash).toString('hex') }
    return this.#last
  }
}
