import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Acl, CredentialsPage, SecurityApi, SecurityService, StoredToken } from '../../api/security-api.ts'
import { promptCrypto } from '../../platform/testing/crypto.ts'
import { parseToken, tokenHash } from '../../security/identity/token.ts'
import type { Command } from '../metadata/commands/command.ts'
import type { FeatureLevels } from '../metadata/feature-levels.ts'
import { featureLevels } from '../metadata/feature-levels.ts'
import type { CommandResult } from '../metadata/metadata-state.ts'
import { MetadataState } from '../metadata/metadata-state.ts'
import { during, until } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import { credentialsPage } from './credentials-page.ts'
import { SecurityAdmin } from './security-admin.ts'

let cluster: TestCluster
const ids = [1, 2, 3]
const at = (id: number): SecurityApi & SecurityService => cluster.broker(id).node.security
const tables = (id: number) => cluster.broker(id).node.tables
const audit = () => cluster.broker(1).node.admin.audit()

const acl = (name: string, changes: Partial<Acl> = {}): Acl => ({
  principal: 'User:ann',
  host: '*',
  operation: 'read',
  permission: 'allow',
  resource: { type: 'topic', name, pattern: 'literal' },
  ...changes,
})
const refusal = (code: string, message: RegExp | string = /./) => ({
  code,
  message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
})

const root = { principal: 'User:root', groups: [], host: '10.0.0.1', kind: 'scram', via: [] }

beforeEach(async () => {
  cluster = await TestCluster.of(3)
})

describe('stored credentials', () => {
  const empty = { users: [], tokens: [] }

  test('are exported, and imported into another cluster, where the same passwords and tokens are right', async () => {
    await during(cluster, at(1).for(root).setPassword('ann', 'pencil'))
    const request = { principal: 'User:svc', scope: null, lifetimeMs: null }
    const { token } = await during(cluster, at(1).for(root).createToken(request))
    const exported = await at(1).exportCredentials(null)
    expect(exported).toMatchObject({ users: [{ name: 'ann' }], tokens: [{ principal: 'User:svc' }], next: null })
    expect(JSON.stringify(exported)).not.toMatch(new RegExp(`pencil|${parseToken(token)!.secret}`))
    const other = await TestCluster.of(1)
    const { security } = other.broker(1).node
    const { users, tokens } = exported
    expect(await during(other, security.importCredentials({ users, tokens }))).toEqual({ users: 1, tokens: 1 })
    expect(await security.exportCredentials(null)).toEqual(exported)
    expect(await during(other, security.importCredentials({ users, tokens }))).toEqual({ users: 0, tokens: 0 })
  })

  test('that exist stay as they are, and expired tokens are left out', async () => {
    await during(cluster, at(1).for(root).setPassword('ann', 'pencil'))
    const { users } = await at(1).exportCredentials(null)
    await during(cluster, at(2).for(root).setPassword('ann', 'chalk'))
    const lifetimeMs = 1_000
    await during(cluster, at(2).for(root).createToken({ principal: 'User:svc', scope: null, lifetimeMs }))
    const present = await at(2).exportCredentials(null)
    await during(cluster, at(2).for(root).revokeToken(present.tokens[0]!.id))
    await cluster.clock.advance(lifetimeMs)
    const imported = during(cluster, at(2).for(root).importCredentials({ users, tokens: present.tokens }))
    expect(await imported).toEqual({ users: 0, tokens: 0 })
    expect(await at(2).exportCredentials(null)).toMatchObject({ users: present.users, tokens: [] })
  })

  test('that no cluster stores are refused, whole', async () => {
    const user = { name: 'ann', scram: {} }
    await expect(at(1).importCredentials({ ...empty, users: [user] })).rejects.toMatchObject(refusal('INVALID_REQUEST'))
    const tokens = [{ id: 'x' } as never]
    await expect(at(1).importCredentials({ ...empty, tokens })).rejects.toMatchObject(refusal('INVALID_REQUEST'))
  })

  test('come page by page', () => {
    const names = ['b', 'a', '漢', 'c', 'Z']
    const kept = {
      users: new Map(names.map((name) => [name, { name, scram: {} }])),
      tokens: new Map(['2', '1'].map((id) => [id, { id } as StoredToken])),
    }
    const [seen, pages]: [string[], number[]] = [[], []]
    let next: string | null = null
    do {
      const page: CredentialsPage = credentialsPage(kept, next, 3)
      seen.push(...page.tokens.map(({ id }) => id), ...page.users.map(({ name }) => name))
      pages.push(page.tokens.length + page.users.length)
      next = page.next
    } while (next !== null)
    expect([seen, pages]).toEqual([
      ['1', '2', 'Z', 'a', 'b', 'c', '漢'],
      [3, 3, 1],
    ])
  })
})

describe('users', () => {
  test('are set through any broker and known to all; the keys are those of RFC 5802', async () => {
    await during(cluster, at(2).for(root).setPassword('ann', 'pencil'))
    await cluster.clock.advance(100)
    for (const id of ids) {
      expect(at(id).listUsers()).toEqual([{ name: 'ann', mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] }])
    }
    for (const [mechanism, hash, bytes] of [
      ['SCRAM-SHA-256', 'sha256', 32],
      ['SCRAM-SHA-512', 'sha512', 64],
    ] as const) {
      const { salt, iterations, storedKey, serverKey } = tables(3).users.get('ann')!.scram[mechanism]!
      expect(iterations).toBeGreaterThanOrEqual(4096)
      const salted = pbkdf2Sync('pencil', Buffer.from(salt, 'base64'), iterations, bytes, hash)
      const clientKey = createHmac(hash, salted).update('Client Key').digest()
      expect(storedKey).toBe(createHash(hash).update(clientKey).digest('base64'))
      expect(serverKey).toBe(createHmac(hash, salted).update('Server Key').digest('base64'))
    }
    expect(await audit()).toMatchObject([{ action: 'set-user', target: 'User:ann', by: 'User:root', broker: 2 }, {}])
  })

  test('each password has a salt of its own, and is the same however it was typed', async () => {
    await during(cluster, at(1).setPassword('ann', 'u\u0308ber'))
    const [first] = tables(1).users.values()
    await during(cluster, at(1).setPassword('ann', 'über'))
    const [second] = tables(1).users.values()
    const { salt, iterations, storedKey } = second!.scram['SCRAM-SHA-256']!
    expect(salt).not.toBe(first!.scram['SCRAM-SHA-256']!.salt)
    expect(salt).not.toBe(second!.scram['SCRAM-SHA-512']!.salt)
    const salted = pbkdf2Sync('über', Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
    const clientKey = createHmac('sha256', salted).update('Client Key').digest()
    expect(storedKey).toBe(createHash('sha256').update(clientKey).digest('base64'))
  })

  test('are deleted; an unknown one, a wrong name and a password that cannot be are refused', async () => {
    await during(cluster, at(1).setPassword('ann', 'pencil'))
    await during(cluster, at(3).deleteUser('ann'))
    expect(at(3).listUsers()).toEqual([])
    for (const name of ['ann', '', '*']) {
      await expect(during(cluster, at(3).deleteUser(name))).rejects.toMatchObject({ code: 'UNKNOWN_USER' })
    }
    for (const name of ['', '*', 'ANONYMOUS', 'a\nb', 'x'.repeat(256)]) {
      await expect(at(1).setPassword(name, 'pencil')).rejects.toMatchObject(refusal('INVALID_REQUEST', 'user'))
    }
    for (const password of ['', 'a\u0000b', 'x'.repeat(2000)]) {
      await expect(at(1).setPassword('ann', password)).rejects.toMatchObject(refusal('INVALID_REQUEST', 'password'))
    }
  })

  test('are listed by name', async () => {
    for (const name of ['zoe', 'ann', 'bob']) await during(cluster, at(1).setPassword(name, 'pencil'))
    expect(
      at(1)
        .listUsers()
        .map(({ name }) => name),
    ).toEqual(['ann', 'bob', 'zoe'])
  })
})

describe('tokens', () => {
  const orders = { type: 'topic', name: 'orders.', pattern: 'prefixed' } as const
  const request = {
    principal: 'User:svc',
    scope: { operations: ['read'], resources: [orders] },
    lifetimeMs: 3_600_000,
  } as const

  test('the text is in the answer alone; the cluster keeps a hash of its secret', async () => {
    const { token, description } = await during(cluster, at(3).for(root).createToken(request))
    const { id, secret } = parseToken(token)!
    expect(description).toMatchObject({ id, principal: 'User:svc', scope: request.scope, createdBy: 'User:root' })
    expect(description.expiresAt).toBe(description.createdAt + 3_600_000)
    await cluster.clock.advance(100)
    for (const broker of ids) {
      expect(at(broker).listTokens()).toEqual([description])
      expect(tables(broker).tokens.get(id)!.hash).toBe(tokenHash(promptCrypto, secret))
    }
    const kept = JSON.stringify([...tables(1).tokens.values(), await audit(), at(1).listTokens()])
    expect(kept).not.toContain(secret)
  })

  test('no two are the same; they are listed oldest first, and revoked one by one', async () => {
    const created = []
    for (let count = 0; count < 3; count++) {
      created.push(await during(cluster, at(1).createToken({ ...request, scope: null, lifetimeMs: null })))
      await cluster.clock.advance(10)
    }
    expect(new Set(created.map(({ token }) => token)).size).toBe(3)
    expect(at(1).listTokens()).toEqual(created.map(({ description }) => description))
    await during(cluster, at(2).revokeToken(created[1]!.description.id))
    expect(at(2).listTokens()).toEqual([created[0], created[2]].map((some) => some!.description))
    for (const id of [created[1]!.description.id, '', 'x']) {
      await expect(during(cluster, at(2).revokeToken(id))).rejects.toMatchObject({ code: 'UNKNOWN_TOKEN' })
    }
  })

  test.each([
    ['a principal of another kind', { principal: 'Broker:1' }],
    ['a principal without its kind', { principal: 'svc' }],
    ['an empty scope', { scope: { operations: [], resources: [] } }],
    ['a lifetime of nothing', { lifetimeMs: 0 }],
    ['a lifetime of a part of a millisecond', { lifetimeMs: 1.5 }],
    ['a lifetime of more than a hundred years', { lifetimeMs: 1e14 }],
  ])('%s is refused', async (_, changes) => {
    await expect(at(1).createToken({ ...request, ...changes })).rejects.toMatchObject(refusal('INVALID_REQUEST'))
  })

  test('expired ones are removed where the metadata group is led, also by another leader', async () => {
    await during(cluster, at(1).createToken({ ...request, lifetimeMs: 1000 }))
    const lasting = await during(cluster, at(1).createToken({ ...request, lifetimeMs: 300_000 }))
    const forever = await during(cluster, at(1).createToken({ ...request, lifetimeMs: null }))
    await until(cluster, () => at(1).listTokens().length === 2, 'the removal of the first')
    expect((await audit())[0]).toMatchObject({ action: 'remove-tokens', by: '', detail: /^expired: / })
    expect(at(1).listTokens()).toEqual([lasting.description, forever.description])
    const leader = cluster.world.leaderOf(0)
    await cluster.kill(cluster.broker(leader))
    const left = ids.filter((id) => id !== leader)
    for (let minute = 0; minute < 8; minute++) await cluster.clock.advance(60_000)
    for (const id of left) expect(at(id).listTokens()).toEqual([forever.description])
  })
})

describe('rules', () => {
  test('are added, listed by a filter and removed by one, through any broker', async () => {
    const rules = [acl('a'), acl('b'), acl('b', { permission: 'deny' })]
    await during(cluster, at(1).for(root).addAcls(rules))
    await cluster.clock.advance(100)
    for (const id of ids) expect(at(id).listAcls({})).toEqual(rules)
    expect(at(2).listAcls({ name: 'b', permission: 'deny' })).toEqual([rules[2]])
    expect(at(2).listAcls({ type: 'group' })).toEqual([])
    expect(await during(cluster, at(3).for(root).removeAcls({ name: 'b' }))).toEqual(rules.slice(1))
    expect(at(3).listAcls({})).toEqual([rules[0]])
    expect(await during(cluster, at(3).removeAcls({ name: 'b' }))).toEqual([])
    const changes = (await audit()).filter(({ by }) => by === 'User:root')
    expect(changes.map(({ action }) => action)).toEqual(['remove-acls', 'add-acls'])
  })

  test('a broker that has not heard of a rule yet removes it all the same', async () => {
    const state = new MetadataState()
    const apply = (command: Command) =>
      state.apply(state.head.appliedIndex + 1, { id: `c${state.head.commands}`, command }).result
    const unheard: Command[] = [{ type: 'add-acls', acls: [acl('a'), acl('b')], at: 1, broker: 2, by: '' }]
    const behind = new SecurityAdmin({
      brokerId: 1,
      state,
      client: {
        async submit(intent) {
          for (const earlier of unheard.splice(0)) apply(earlier)
          return apply(intent as Command) as CommandResult & { ok: true }
        },
      },
      directory: { until: async () => true },
      authorizer: cluster.broker(1).node.rules.authorizer,
      clock: cluster.clock,
      random: cluster.random,
      crypto: promptCrypto,
    })
    expect(behind.listAcls({})).toEqual([])
    expect(await behind.removeAcls({ name: 'a' })).toEqual([acl('a')])
    expect(behind.listAcls({})).toEqual([acl('b')])
  })

  test('a broker that does not hear of the removal in time does not say that nothing is left', async () => {
    const deaf = new SecurityAdmin({
      brokerId: 1,
      state: new MetadataState(),
      client: { submit: async () => ({ ok: true, index: 7 }) },
      directory: { until: async () => false },
      authorizer: cluster.broker(1).node.rules.authorizer,
      clock: cluster.clock,
      random: cluster.random,
      crypto: promptCrypto,
    })
    await expect(deaf.removeAcls({ name: 'a' })).rejects.toMatchObject(refusal('TIMED_OUT'))
  })

  test('more than one command may name are removed in several', async () => {
    for (const from of [0, 1000]) {
      await during(cluster, at(1).addAcls(Array.from({ length: 1000 }, (_, number) => acl(`t${from + number}`))))
    }
    expect(await during(cluster, at(1).removeAcls({}))).toHaveLength(2000)
    expect(at(1).listAcls({})).toEqual([])
  })

  test('a wrong one is refused with the field that is wrong, and none of the others is added', async () => {
    await expect(at(1).addAcls([acl('a'), acl('a b')])).rejects.toMatchObject(refusal('INVALID_REQUEST', 'topic'))
    await expect(at(1).addAcls([acl('a', { principal: 'ann' })])).rejects.toMatchObject(
      refusal('INVALID_REQUEST', 'principal'),
    )
    const many = Array.from({ length: 1001 }, (_, number) => acl(`t${number}`))
    await expect(at(1).addAcls(many)).rejects.toMatchObject(refusal('INVALID_REQUEST', '1000'))
    expect(at(1).listAcls({})).toEqual([])
    await during(cluster, at(1).addAcls([acl('a'), acl('a')]))
    expect(at(1).listAcls({})).toEqual([acl('a')])
  })

  test('a question is answered by the rules, the super users, and whether anybody is asked for a credential', async () => {
    const question = {
      principal: 'User:ann',
      groups: [],
      host: '10.0.0.1',
      operation: 'read',
      resource: { type: 'topic', name: 'a' },
    } as const
    expect(at(1).test(question)).toMatchObject({ allowed: true, because: 'everybody' })
    cluster = new TestCluster()
    cluster.access = { mode: 'required', superUsers: ['User:root'] }
    await cluster.start(1, [1])
    await cluster.clock.advance(2000)
    expect(at(1).test(question)).toMatchObject({ allowed: false, because: 'no-rule' })
    await during(cluster, at(1).addAcls([acl('a')]))
    expect(at(1).test(question)).toEqual({ allowed: true, because: 'rule', rule: acl('a') })
    expect(at(1).test({ ...question, principal: 'User:root' })).toMatchObject({ because: 'super-user' })
    await during(cluster, at(1).addAcls([acl('a', { permission: 'deny' })]))
    expect(at(1).test(question)).toMatchObject({ allowed: false, because: 'rule' })
  })
})

describe('quotas', () => {
  const nobody = { principal: null, clientId: null, address: null }
  const quota = (principal: string, connections = 5) => ({ entity: { ...nobody, principal }, limits: { connections } })

  test('are set and removed through any broker, and known to all', async () => {
    await during(cluster, at(1).for(root).setQuota(quota('User:zoe')))
    await during(cluster, at(2).setQuota(quota('User:ann')))
    await during(cluster, at(3).setQuota(quota('User:ann', 9)))
    await cluster.clock.advance(100)
    for (const id of ids) expect(at(id).listQuotas()).toEqual([quota('User:ann', 9), quota('User:zoe')])
    await during(cluster, at(2).removeQuota({ ...nobody, principal: 'User:zoe' }))
    expect(at(2).listQuotas()).toEqual([quota('User:ann', 9)])
    await expect(during(cluster, at(1).removeQuota({ ...nobody, principal: 'User:zoe' }))).rejects.toMatchObject(
      refusal('UNKNOWN_QUOTA', 'User:zoe'),
    )
    expect(await audit()).toContainEqual(
      expect.objectContaining({ action: 'set-quota', target: 'User:zoe', by: 'User:root' }),
    )
  })

  test('wrong ones are refused', async () => {
    await expect(at(1).setQuota(quota('ann'))).rejects.toMatchObject(refusal('INVALID_REQUEST', 'principal'))
    await expect(at(1).setQuota(quota('User:ann', 0))).rejects.toMatchObject(refusal('INVALID_REQUEST', 'connections'))
    await expect(at(1).removeQuota(nobody)).rejects.toMatchObject(refusal('INVALID_REQUEST', 'names one of'))
  })
})

test('a cluster of an older level refuses each change, and says how to get there', async () => {
  const old: FeatureLevels = { ...featureLevels, highest: 1 }
  cluster = await TestCluster.of(3, [old])
  const changes: (() => Promise<unknown>)[] = [
    () => at(2).setPassword('ann', 'pencil'),
    () => at(2).createToken({ principal: 'User:svc', scope: null, lifetimeMs: null }),
    () => at(2).addAcls([acl('a')]),
    () => at(2).removeAcls({}),
    () => at(2).setQuota({ entity: { principal: '*', clientId: null, address: null }, limits: { connections: 1 } }),
    () => at(2).removeQuota({ principal: '*', clientId: null, address: null }),
  ]
  for (const change of changes) {
    await expect(during(cluster, change())).rejects.toMatchObject({ code: 'FEATURE_LEVEL_TOO_LOW' })
  }
})
