import { createPrivateKey, createPublicKey, type JsonWebKey, sign } from 'node:crypto'
import { overTheWire } from '../../../broker/src/cluster/testing/over-the-wire.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { askerOf } from '../../../broker/src/security/identity/asker-fields.ts'
import { Authenticator } from '../../../broker/src/security/identity/authenticator.ts'
import { parsePrincipal } from '../../../broker/src/security/identity/principal.ts'
import type { Session } from '../../../broker/src/security/identity/session.ts'
import { noTables } from '../../../broker/src/security/security-tables.ts'
import { tokenIssuer } from '../../../broker/src/start/credentials/token-issuer.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, refusedAs, text, type Verdict } from '../target.ts'

const NOW = 1.7e12
const issuer = {
  jwksUrl: 'https://id.example/keys',
  issuer: 'https://id.example',
  audience: 'tailrace',
  principalClaim: 'sub',
  groupsClaim: 'groups',
}

/** An Ed25519 key out of one byte: its signatures are the same in each run. */
function keyOf(seed: number) {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([head, Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' })
}
const [own, foreign] = [keyOf(1), keyOf(2)]
const shown = (key: ReturnType<typeof keyOf>, kid: string): JsonWebKey & { kid: string } => ({
  ...createPublicKey(key).export({ format: 'jwk' }),
  kid,
})

const sound = {
  header: { alg: 'EdDSA', kid: 'k1', typ: 'JWT' },
  claims: { iss: issuer.issuer, aud: issuer.audience, sub: 'alice', groups: ['ops', 'dev'], exp: NOW / 1000 + 60 },
  keys: { keys: [shown(own, 'k1'), { ...shown(own, 'k2'), use: 'sig', alg: 'EdDSA' }] },
}
const parts = ['header', 'claims', 'keys', 'signature'] as const
type Part = (typeof parts)[number]

/**
 * A block's kind chooses a part of a token or of its issuer's keys, and whether it is these bytes, or odd parts in the
 * sound one. A signature that is odd is by another key.
 */
function block(part: Part, bytes: string | Uint8Array, isOdd = false): Block {
  const kind = parts.indexOf(part) + (isOdd ? parts.length : 0)
  return { kind, bytes: typeof bytes === 'string' ? text(bytes) : bytes }
}
const odd = (part: Part, ...choices: number[]): Block => block(part, Uint8Array.from(choices), true)
const json = (part: Exclude<Part, 'signature'>, changes: object): Block =>
  block(part, JSON.stringify({ ...sound[part], ...changes }))

function spoken(input: Uint8Array) {
  const said = {
    header: text(JSON.stringify(sound.header)),
    claims: text(JSON.stringify(sound.claims)),
    keys: text(JSON.stringify(sound.keys)),
  }
  let signer: typeof own | Uint8Array = own
  for (const { kind, bytes } of blocksOf(input)) {
    const part = parts[kind % parts.length]!
    const isOdd = Math.floor(kind / parts.length) % 2 === 1
    if (part === 'signature') signer = isOdd ? foreign : bytes
    else said[part] = isOdd ? text(oddJson(sound[part], bytes)) : bytes
  }
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  const unsigned = `${base64(said.header)}.${base64(said.claims)}`
  const signature = signer instanceof Uint8Array ? signer : sign(null, text(unsigned), signer)
  return { token: `${unsigned}.${base64(signature)}`, keys: said.keys, isSigned: signer === own, claims: said.claims }
}

async function show(input: Uint8Array): Promise<Verdict> {
  const { token, keys, isSigned, claims } = spoken(input)
  const clock = new ManualClock(NOW)
  const verifier = await tokenIssuer(issuer, clock, async () => new Response(Buffer.from(keys)))
  const platform = { clock, crypto: nodeCrypto, random: seededRandom(1), audit: { note() {} } }
  let session: Session
  try {
    session = await new Authenticator({ ...platform, tables: () => noTables, verifier }).bearer(token, '10.0.0.1')
  } catch (error) {
    return refusedAs(error, ['AUTHENTICATION_FAILED', 'NOT_READY'])
  }
  if (!isSigned) throw new Error(`taken without the issuer's signature: ${token}`)
  checkSession(session, JSON.parse(new TextDecoder().decode(claims)))
  return 'taken'
}

/** It is what its claims say, and every message that carries it can. @throws Error */
function checkSession(session: Session, { iss, aud, sub, exp }: Record<string, unknown>): void {
  const { principal, groups, expiresAt } = session
  const { kind, name } = parsePrincipal(principal)
  const isFor = aud === issuer.audience || (Array.isArray(aud) && aud.includes(issuer.audience))
  if (iss !== issuer.issuer || !isFor || kind !== 'User' || name !== sub) throw new Error(`${principal} of ${iss}`)
  if ((exp === undefined) !== (expiresAt === null)) throw new Error(`it ends at ${expiresAt}`)
  const { host, kind: credential } = session
  // Throws where no broker could ask for such a client.
  askerOf({ asker: { principal, groups: [...groups], host, kind: credential } })
  const answer = { correlation: 1, data: '', done: true, principal, expiresAt: expiresAt ?? -1 }
  overTheWire('AuthenticateReply', answer)
  JSON.stringify(new Date(expiresAt ?? 0).toISOString())
}

/** JSON web tokens, and the keys of their issuer as it serves them. */
export const webTokens: FuzzTarget = {
  name: 'web-token',
  samples: [
    [odd('header'), odd('claims'), odd('keys')],
    [odd('claims', 4, 3), odd('claims', 6, 11)],
    [json('claims', { aud: ['other', 'tailrace'], groups: 'ops', nbf: 1 }), odd('header', 2, 0)],
    [json('claims', { exp: undefined, roles: [], groups: ['ops', 'ops'] }), json('header', { kid: 'k2' })],
    [
      json('keys', {
        keys: [
          { ...shown(own, 'k1'), key_ops: ['verify'] },
          { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
        ],
      }),
    ],
    [json('header', { alg: 'none' }), block('signature', '')],
    [json('header', { alg: 'HS256', crit: ['b64'], b64: false, jwk: shown(foreign, 'k1') }), odd('signature')],
    [json('claims', { exp: 1_700_000_100.000_25 }), json('keys', { keys: [shown(own, 'k1')] })],
  ].map(bytesOf),
  run: show,
}
