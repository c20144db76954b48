import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/clock.ts'
import { tokenVerifier } from './token-verifier.ts'

const clock = new ManualClock(Date.parse('2026-11-29T12:00:00Z'))
const now = clock.now() / 1000
let server: Server
let jwksUrl: string
let keys: CryptoKey[]

beforeAll(async () => {
  const pairs = [await generateKeyPair('ES256'), await generateKeyPair('RS256')]
  keys = pairs.map(({ privateKey }) => privateKey)
  const shown = await Promise.all(
    pairs.map(async ({ publicKey }, kid) => ({ ...(await exportJWK(publicKey)), kid: `${kid}` })),
  )
  server = createServer((_request, response) => response.end(JSON.stringify({ keys: shown }))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
})
afterAll(() => server.close())

const of = () => ({
  jwksUrl,
  issuer: 'https://id.example',
  audience: 'tailrace',
  principalClaim: 'sub',
  groupsClaim: 'roles',
})
const claims = { iss: 'https://id.example', aud: 'tailrace', sub: 'alice', exp: now + 60 }
const signed = (payload: JWTPayload, kid = '0', key = keys[Number(kid)]!) =>
  new SignJWT(payload).setProtectedHeader({ alg: kid === '0' ? 'ES256' : 'RS256', kid }).sign(key)

describe('a JSON web token', () => {
  it('says who its bearer is, by any key of the issuer', async () => {
    const verify = tokenVerifier(of(), clock)
    expect(await verify(await signed({ ...claims, roles: ['ops', 'dev'] }))).toEqual({
      name: 'alice',
      groups: ['ops', 'dev'],
      expiresAt: (now + 60) * 1000,
    })
    expect(await verify(await signed({ ...claims, roles: 'ops' }, '1'))).toMatchObject({ groups: ['ops'] })
    const fraction = await signed({ ...claims, exp: now + 60.000_25 })
    expect(await verify(fraction)).toMatchObject({ expiresAt: (now + 60) * 1000 })
  })

  it.each<[string, () => Promise<string>]>([
    ['of another issuer', () => signed({ ...claims, iss: 'https://evil.example' })],
    ['for another audience', () => signed({ ...claims, aud: 'other' })],
    ['that has expired', () => signed({ ...claims, exp: now - 10 })],
    ['that is not valid yet', () => signed({ ...claims, nbf: now + 60 })],
    ['that expires later than any date', () => signed({ ...claims, exp: 1e300 })],
    ['without a name', () => signed({ ...claims, sub: undefined as never })],
    ['with groups that are no list', () => signed({ ...claims, roles: { ops: true } })],
    ['with 101 groups', () => signed({ ...claims, roles: new Array(101).fill('g') })],
    ['signed by another key', async () => signed(claims, '0', (await generateKeyPair('ES256')).privateKey)],
    ['of an unknown key', () => signed(claims, '7', keys[1]!)],
    [
      'with a changed claim',
      async () => {
        const [head, , signature] = (await signed(claims)).split('.')
        return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url'), signature].join(
          '.',
        )
      },
    ],
    [
      'without a signature',
      async () => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
        return `${part({ alg: 'none' })}.${part(claims)}.`
      },
    ],
    [
      'signed with a shared secret',
      async () => new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: '0' }).sign(new Uint8Array(32)),
    ],
    ['that is none', async () => 'a.b.c'],
    ['of another form', async () => 'secret'],
  ])('%s is refused', async (_name, token) => {
    await expect(tokenVerifier(of(), clock)(await token())).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })

  it('cannot be judged while the keys cannot be had', async () => {
    const verify = tokenVerifier({ ...of(), jwksUrl: 'http://127.0.0.1:1/keys' }, clock)
    await expect(verify(await signed(claims))).rejects.toMatchObject({ code: 'NOT_READY', retriable: true })
  })
})
