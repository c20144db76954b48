import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { AuditEvent } from '../audit/audit-event.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { Authenticator, type AuthenticatorDeps } from './authenticator.ts'
import { FailedLogins } from './failed-logins.ts'
import type { ScramExchange } from './scram.ts'

const host = '10.0.0.1'
let clock: ManualClock
let tables: MemoryTables
let logged: object[]

beforeEach(async () => {
  clock = new ManualClock(1_000_000)
  tables = new MemoryTables()
  await tables.user('alice', 'pencil')
  logged = []
})

function authenticator(more: Partial<AuthenticatorDeps> = {}): Authenticator {
  const audit = { note: ({ host: from, target }: AuditEvent) => void logged.push({ host: from, shown: target }) }
  return new Authenticator({ clock, crypto: nodeCrypto, random: nodeRandom, audit, tables: () => tables, ...more })
}
const refused = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' })

/** A client by RFC 5802, written from its text and not from the broker's code. */
function proofOf(hash: 'sha256' | 'sha512', password: string, first: string, challenge: string, change = '') {
  const parts = new Map(challenge.split(',').map((part) => [part[0]!, part.slice(2)]))
  const salt = Buffer.from(parts.get('s')!, 'base64')
  const length = hash === 'sha256' ? 32 : 64
  const salted = pbkdf2Sync(password, salt, Number(parts.get('i')), length, hash)
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash(hash).update(clientKey).digest()
  const unproved = `c=biws,r=${parts.get('r')}${change}`
  const text = `${first},${challenge},${unproved}`
  const proof = clientKey.map((byte, at) => byte ^ hmac(storedKey, text)[at]!)
  const server = hmac(hmac(salted, 'Server Key'), text).toString('base64')
  return { message: `${unproved},p=${Buffer.from(proof).toString('base64')}`, server: `v=${server}` }
}

describe('a password', () => {
  it('makes a session of its user', async () => {
    const session = await authenticator().password('alice', 'pencil', host)
    expect(session).toMatchObject({ principal: 'User:alice', kind: 'scram', host, expiresAt: null, scope: null })
  })

  it.each([
    ['alice', 'pencils'],
    ['bob', 'pencil'],
    ['alice', ''],
  ])('%s with %j is refused, and the audit says who it was', async (user, password) => {
    await expect(authenticator().password(user, password, host)).rejects.toEqual(refused)
    expect(logged).toEqual([{ host, shown: `user "${user}"` }])
  })

  it('is the same however it was typed (SASLprep), and one that cannot be typed is refused', async () => {
    await tables.user('zoe', 'über')
    const session = await authenticator().password('zoe', 'u\u0308ber', host)
    expect(session).toMatchObject({ principal: 'User:zoe' })
    await expect(authenticator().password('zoe', '\u0007', host)).rejects.toEqual(refused)
  })

  it('is remembered for a minute, and not beyond a change of the tables', async () => {
    const door = authenticator()
    await door.password('alice', 'pencil', host)
    await tables.user('alice', 'chalk')
    await expect(door.password('alice', 'pencil', host)).rejects.toEqual(refused)
    await expect(door.password('alice', 'chalk', host)).resolves.toMatchObject({ principal: 'User:alice' })
  })
})

it('a password that could not be looked at holds up none behind it', async () => {
  let broken = true
  const crypto: typeof nodeCrypto = {
    ...nodeCrypto,
    pbkdf2: (...given) => (broken ? Promise.reject(new Error('no threads')) : nodeCrypto.pbkdf2(...given)),
  }
  const door = authenticator({ crypto })
  await expect(door.password('alice', 'pencil', host)).rejects.toThrow('no threads')
  broken = false
  await expect(door.password('alice', 'pencil', host)).resolves.toMatchObject({ principal: 'User:alice' })
})

describe.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('%s', (mechanism) => {
  const hash = mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
  const first = 'n=alice,r=fyko+d2lbbFgONRv9qkxdawL'
  const begin = () => {
    const exchange = authenticator().scram(mechanism)!
    return { exchange, challenge: exchange.begin(`n,,${first}`)! }
  }

  it('proves each side to the other', () => {
    const { exchange, challenge } = begin()
    expect(challenge).toMatch(/^r=fyko\+d2lbbFgONRv9qkxdawL.{20,},s=[^,]+,i=4096$/)
    const { message, server } = proofOf(hash, 'pencil', first, challenge)
    expect(exchange.finish(message)).toBe(server)
    expect(exchange.user).toBe('alice')
  })

  it('refuses a wrong password, a changed message and a second attempt', () => {
    const wrong = begin()
    expect(wrong.exchange.finish(proofOf(hash, 'chalk', first, wrong.challenge).message)).toBeNull()
    expect(wrong.exchange.finish(proofOf(hash, 'pencil', first, wrong.challenge).message)).toBeNull()
    const changed = begin()
    const { message } = proofOf(hash, 'pencil', first, changed.challenge)
    expect(changed.exchange.finish(message.replace('c=biws', 'c=eSws'))).toBeNull()
    const twice = begin()
    expect(twice.exchange.begin(`n,,${first}`)).toBeNull()
  })

  it('answers for a user that does not exist as for one that does, the same each time', () => {
    const door = authenticator()
    const challenge = () => door.scram(mechanism)!.begin('n,,n=nobody,r=abc')!
    const saltOf = (text: string) => /s=([^,]+)/.exec(text)![1]
    expect(saltOf(challenge())).toBe(saltOf(challenge()))
    const exchange = door.scram(mechanism)!
    const shown = exchange.begin('n,,n=nobody,r=abc')!
    expect(exchange.finish(proofOf(hash, 'pencil', 'n=nobody,r=abc', shown).message)).toBeNull()
  })
})

test.each([
  '',
  'n,,',
  'n,,n=alice',
  'n,,n=a=b,r=x',
  'p=tls-unique,,n=alice,r=x',
  'n,a=other,n=alice,r=x',
  'n,,n=a,r=\u0001',
])('a first message that is none of SCRAM is refused: %j', (message) => {
  const exchange = authenticator().scram('SCRAM-SHA-256') as ScramExchange
  expect(exchange.begin(message)).toBeNull()
})

test('names with commas and equals signs come escaped', () => {
  const exchange = authenticator().scram('SCRAM-SHA-256')!
  exchange.begin('n,,n=a=2Cb=3D,r=x')
  expect(exchange.user).toBe('a,b=')
})

test('there are no other mechanisms', () => expect(authenticator().scram('PLAIN')).toBeNull())

describe('a token', () => {
  it('makes a session with its scope and its end', async () => {
    const scope = { operations: ['read'], resources: [] } as const
    const text = tables.token('User:svc', { scope, expiresAt: clock.now() + 1_000 })
    const session = await authenticator().bearer(text, host)
    expect(session).toMatchObject({ principal: 'User:svc', kind: 'token', scope, expiresAt: clock.now() + 1_000 })
  })

  it('is refused when it is wrong, expired or revoked', async () => {
    const door = authenticator()
    const text = tables.token('User:svc', { expiresAt: clock.now() + 1_000 })
    await expect(door.bearer(`${text}x`, host)).rejects.toEqual(refused)
    await expect(door.bearer(text.replace('tr_t1', 'tr_t9'), host)).rejects.toEqual(refused)
    await expect(door.bearer('secret', host)).rejects.toEqual(refused)
    const session = await door.bearer(text, host)
    expect(door.problemOf(session)).toBeNull()
    await clock.advance(1_000)
    expect(door.problemOf(session)).toMatchObject({ code: 'AUTHENTICATION_REQUIRED' })
    await expect(door.bearer(text, '10.0.0.2')).rejects.toEqual(refused)
    const other = await door.bearer(tables.token('User:svc'), '10.0.0.3')
    tables.tokens.clear()
    expect(door.problemOf(other)?.message).toMatch(/revoked/)
  })

  it('of the administrator is that of the file', async () => {
    const file = { token: 'admin-token-of-the-file' }
    const door = authenticator({ adminToken: () => nodeCrypto.hash('sha256', new TextEncoder().encode(file.token)) })
    const session = await door.bearer('admin-token-of-the-file', host)
    expect([session.kind, door.problemOf(session)]).toEqual(['admin-token', null])
    await expect(door.bearer('admin-token-of-the-fill', host)).rejects.toEqual(refused)
    file.token = 'another-token-of-the-file'
    expect(door.problemOf(session)).toMatchObject({ code: 'AUTHENTICATION_REQUIRED' })
    await expect(door.bearer('admin-token-of-the-file', '10.0.0.9')).rejects.toEqual(refused)
    expect(door.problemOf(await door.bearer('another-token-of-the-file', host))).toBeNull()
  })

  it('of an issuer is verified by its keys', async () => {
    const verifier = {
      verify: async (text: string) => {
        if (text !== 'good') throw Object.assign(new Error('nothing'), { code: 'X' })
        return { principal: 'User:ci', groups: ['Group:ops'], expiresAt: 5 }
      },
    }
    const session = await authenticator({ verifier }).bearer('good', host)
    expect(session).toMatchObject({ principal: 'User:ci', groups: ['Group:ops'], kind: 'jwt', expiresAt: 5 })
    await expect(authenticator({ verifier }).bearer('bad', host)).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})

describe('a certificate', () => {
  const shown = (subject: string, ...names: string[]) => {
    return { names, uris: [], subject, issuer: 'CN=CA', fingerprint: '', validUntil: 2_000_000 }
  }

  it('of a cascade broker, or of a broker, makes the session of that broker, until it expires', async () => {
    const door = authenticator()
    const session = door.certificate(shown('CN=alice', 'localhost', 'cascade-101'), host)!
    expect(session).toMatchObject({ principal: 'Cascade:101', kind: 'certificate', host, expiresAt: 2_000_000 })
    expect(door.certificate(shown('CN=alice', 'broker-3'), host)).toMatchObject({ principal: 'Broker:3' })
    expect(door.problemOf(session)).toBeNull()
    await clock.advance(1_000_000)
    expect(door.problemOf(session)?.code).toBe('AUTHENTICATION_REQUIRED')
  })

  it('of anybody else makes a user of its subject, whatever the rules make of that', () => {
    expect(authenticator().certificate(shown('CN=cascade-101'), host)).toMatchObject({ principal: 'User:cascade-101' })
    const certificateRules = 'RULE:^CN=cascade-(\\d+)$/Cascade:$1/,CN'
    const door = authenticator({ certificateRules })
    expect(door.certificate(shown('CN=cascade-101'), host)).toMatchObject({ principal: 'User:Cascade:101' })
    expect(door.certificate(shown('CN=cascade-101', 'cascade-102'), host)).toMatchObject({ principal: 'Cascade:102' })
    expect(door.certificate(shown('O=Example'), host)).toBeNull()
  })
})

test('a session ends with the password or the user', async () => {
  const door = authenticator()
  const session = await door.password('alice', 'pencil', host)
  expect(door.problemOf(session)).toBeNull()
  await tables.user('alice', 'other')
  expect(door.problemOf(session)?.code).toBe('AUTHENTICATION_REQUIRED')
  const later = await door.password('alice', 'other', host)
  tables.users.delete('alice')
  expect(door.problemOf(later)?.code).toBe('AUTHENTICATION_REQUIRED')
})

test('wrong credentials slow down their address, and no other', async () => {
  const door = authenticator()
  const wrong = () => door.bearer('wrong', host).catch((error) => error.code)
  for (let n = 0; n < 4; n++) expect(await wrong()).toBe('AUTHENTICATION_FAILED')
  let answered = false
  const waiting = wrong().then(() => (answered = true))
  await clock.advance(99)
  expect(answered).toBe(false)
  expect(await door.bearer('wrong', '10.9.9.9').catch((error) => error.code)).toBe('AUTHENTICATION_FAILED')
  await clock.advance(1)
  await waiting
  const right = door.bearer(tables.token('User:svc'), host)
  await clock.advance(5_000)
  await right
  expect(await wrong()).toBe('AUTHENTICATION_FAILED')
})

test('wrong credentials slow down the first 64 bits of an IPv6 address', async () => {
  const door = authenticator()
  for (let n = 1; n <= 4; n++) await door.bearer('wrong', `2001:db8::${n}`).catch(() => {})
  let answered = false
  const waiting = door.bearer('wrong', '2001:db8::9').catch(() => (answered = true))
  await clock.advance(99)
  expect(answered).toBe(false)
  await clock.advance(1)
  await waiting
})

test('the wait doubles up to five seconds, is forgotten after five minutes, and addresses are bounded', () => {
  const failures = new FailedLogins()
  const waits = Array.from({ length: 14 }, () => {
    failures.failed('a', 0)
    return failures.waitOf('a', 0)
  })
  expect(waits).toEqual([0, 0, 0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000])
  expect(failures.waitOf('a', 4_000)).toBe(1_000)
  expect(failures.waitOf('a', 300_000)).toBe(0)
  for (let n = 0; n < 10_000; n++) failures.failed(`b${n}`, 1)
  expect(failures.waitOf('a', 0)).toBe(0)
})
