import { isDeepStrictEqual } from 'node:util'
import { errorTable, isErrorCode, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import type { SecurityApi } from '../../../broker/src/api/security-api.ts'
import { type Command, decodeCommand, encodeCommand } from '../../../broker/src/cluster/metadata/commands/command.ts'
import type { SecurityCommand } from '../../../broker/src/cluster/metadata/commands/security-commands.ts'
import { textsAreShort } from '../../../broker/src/cluster/metadata/intents/intent-checks.ts'
import { intentFields, intentOf } from '../../../broker/src/cluster/metadata/intents/intent-fields.ts'
import type { Intent } from '../../../broker/src/cluster/metadata/metadata-leader.ts'
import { MetadataState } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import { loadSecurity, securityPairs } from '../../../broker/src/cluster/metadata/store/security-store.ts'
import { metadataCommand } from '../../../broker/src/cluster/requests/metadata-command.ts'
import { SecurityAdmin } from '../../../broker/src/cluster/security/security-admin.ts'
import { overTheWire } from '../../../broker/src/cluster/testing/over-the-wire.ts'
import { authenticateRequests } from '../../../broker/src/doors/http/authentication.ts'
import { securityRoutes } from '../../../broker/src/doors/http/routes/security.ts'
import { testServices } from '../../../broker/src/doors/testing/test-services.ts'
import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { quickCrypto } from '../../../broker/src/platform/testing/crypto.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import type { SecurityTables } from '../../../broker/src/security/security-tables.ts'
import { text } from '../target.ts'
import { doorWith } from './door.ts'
import { checkTables } from './sound-tables.ts'

const NOW = 1.7e12
const ADMIN = 'the-token-of-the-administrator'
const [TOKEN_ID, TOKEN_SECRET] = ['0123456789abcdef01234567', 's'.repeat(43)]
const asked = { at: NOW, broker: 1, by: 'ann' }

/** Commands before the first request: a token that may list rules and users, and that may delete itself. */
const before: readonly SecurityCommand[] = [
  {
    type: 'add-token',
    token: {
      id: TOKEN_ID,
      hash: Buffer.from(nodeCrypto.hash('sha256', text(TOKEN_SECRET))).toString('base64'),
      principal: 'User:reader',
      scope: null,
      createdAt: NOW,
      createdBy: 'User:ann',
      expiresAt: null,
    },
    ...asked,
  },
  {
    type: 'add-acls',
    acls: [
      {
        principal: 'User:reader',
        host: '*',
        operation: 'describe',
        permission: 'allow',
        resource: { type: 'cluster', name: 'kafka-cluster', pattern: 'literal' },
      },
    ],
    ...asked,
  },
]

const lists = ['users', 'tokens', 'acls', 'quotas'] as const

/** The headers by which each sender of a request is known. */
export const senders = {
  administrator: { authorization: `Bearer ${ADMIN}` },
  reader: { authorization: `Bearer tr_${TOKEN_ID}_${TOKEN_SECRET}` },
  nobody: {},
} as const
export type SenderName = keyof typeof senders

export interface SecurityRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly url: string
  readonly body: Uint8Array | null
  readonly sender: SenderName
}

/** The door that the routes of this process stand for at the moment. */
let present: SecurityDoor
let app: FastifyInstance | undefined
let requests = 0
let doors = 0
const mistakes: unknown[] = []

/** Rules are ordered anew for another version only: no two doors have the same. */
function presentTables(): SecurityTables {
  const { version, users, tokens, acls, quotas } = present.state.security
  return { version: present.number * 1_000 + version, users, tokens, acls, quotas }
}

async function routes(): Promise<FastifyInstance> {
  const no = {} as never
  const hash = nodeCrypto.hash('sha256', text(ADMIN))
  const access = { mode: 'required', tables: presentTables, adminToken: () => hash, random: seededRandom(2) } as const
  const known = testServices({ api: no, admin: no }, access)
  const services = Object.defineProperty({ ...known }, 'security', { get: () => present.security, enumerable: true })
  return doorWith(services, mistakes, (server) => {
    authenticateRequests(server, services)
    securityRoutes(server)
  })
}

/**
 * The routes about users, tokens, rules and quotas of one broker. Each command goes the way to another broker that
 * leads the metadata group, and into its log.
 */
export class SecurityDoor {
  readonly state = new MetadataState()
  readonly number = doors++
  readonly security: SecurityApi
  readonly #store = new MemoryStore()

  constructor() {
    const clock = new ManualClock(NOW)
    for (const command of before) this.#apply(command)
    this.security = new SecurityAdmin({
      brokerId: 1,
      state: this.state,
      client: { submit: async (intent) => this.#led(intent) },
      directory: { until: async () => true },
      authorizer: testServices({ api: {} as never, admin: {} as never }, { mode: 'required', tables: presentTables })
        .authorizer,
      clock,
      random: seededRandom(1),
      crypto: quickCrypto,
    })
  }

  /** The status of the answer, which is one of the error table or a good one. @throws Error on any other */
  async request({ method, url, body, sender }: SecurityRequest): Promise<number> {
    present = this
    app ??= await routes()
    const tablesBefore = this.#withoutTokens()
    const { version } = this.state.security
    const number = requests++
    const response = await app.inject({
      method,
      url,
      headers: { ...senders[sender], ...(body === null ? {} : { 'content-type': 'application/json' }) },
      ...(body === null ? {} : { payload: Buffer.from(body) }),
      // An address each: wrong credentials slow down the one that they come from.
      remoteAddress: `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    })
    const { statusCode } = response
    if (statusCode >= 400) checkRefusal(statusCode, response.payload)
    if (statusCode >= 400 && this.state.security.version !== version) throw new Error(`status ${statusCode}, and done`)
    if (sender !== 'administrator' && !isDeepStrictEqual(this.#withoutTokens(), tablesBefore))
      throw new Error(`${method} ${url} of ${sender} has changed the tables`)
    const isExport = method === 'GET' && sender === 'administrator' && url.startsWith('/security/credentials')
    for (const secret of isExport ? [] : this.#secrets())
      if (response.payload.includes(secret)) throw new Error(`${method} ${url} shows ${secret}`)
    if (mistakes.length > 0) throw mistakes.splice(0)[0]
    return statusCode
  }

  /** All that is stored is sound, is found again after a restart, and the next request is answered. */
  async check(): Promise<void> {
    const { security } = this.state
    checkTables(security)
    const { version, users, tokens, acls, quotas } = await loadSecurity(this.#store)
    const stored = { version, users, tokens, acls, quotas }
    const here = { version: security.version, users: security.users, tokens: security.tokens, acls: security.acls }
    if (!isDeepStrictEqual(stored, { ...here, quotas: security.quotas }))
      throw new Error('a restart changes the tables')
    const table = lists[security.version % lists.length]
    const url = `/security/${table}`
    const status = await this.request({ method: 'GET', url, body: null, sender: 'administrator' })
    if (status !== 200) throw new Error(`GET ${url}: status ${status}`)
  }

  /** As the leader of the metadata group gets it from another broker, writes it and applies it. */
  #led(intent: Intent) {
    if (!textsAreShort(intent)) throw new TailraceError('INVALID_REQUEST', `A text of ${intent.type} is too long.`)
    const wish = { correlation: 1, id: 'c', timeoutMs: 1_000, intent: intentFields(intent) }
    const fields = overTheWire('MetadataCommand', wish)
    if (!metadataCommand.check(fields)) throw new Error(`no broker takes ${JSON.stringify(intent)}`)
    const command = decodeCommand(encodeCommand({ id: 'c', command: intentOf(fields.intent) as Command }, NOW))?.command
    if (!isDeepStrictEqual(command && { ...command, version: 0 }, { ...intent, version: 0 }))
      throw new Error(`${JSON.stringify(intent)} has become ${JSON.stringify(command)}`)
    const result = this.#apply(command as SecurityCommand)
    if (!result.ok) throw new TailraceError(result.code, result.detail)
    return result
  }

  #apply(command: SecurityCommand) {
    const index = this.state.head.appliedIndex + 1
    const { result, security } = this.state.apply(index, { id: `id-${index}`, command })
    if (security !== undefined) {
      const bytes = (value: unknown) => (value === null ? null : new TextEncoder().encode(JSON.stringify(value)))
      const pairs = securityPairs(index, security)
      void this.#store.write(pairs.map(([key, value]) => [key, bytes(value)] as const))
    }
    return result
  }

  #withoutTokens(): object {
    const { users, acls, quotas } = this.state.security
    return { users: new Map(users), acls: new Map(acls), quotas }
  }

  #secrets(): string[] {
    const { users, tokens } = this.state.security
    const keys = [...users.values()].flatMap(({ scram }) => Object.values(scram).map(({ storedKey }) => storedKey))
    return [...keys, ...[...tokens.values()].map(({ hash }) => hash)]
  }
}

function checkRefusal(status: number, payload: string): void {
  const { code } = JSON.parse(payload) as { code: unknown }
  if (typeof code !== 'string' || !isErrorCode(code) || code === 'INTERNAL')
    throw new Error(`status ${status}: ${payload}`)
  // HTTP has finer ones that share INVALID_REQUEST.
  if (errorTable[code].status !== status && !(code === 'INVALID_REQUEST' && status < 500))
    throw new Error(`status ${status} with the code ${code}`)
}
