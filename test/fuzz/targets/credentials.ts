import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { Authenticator } from '../../../broker/src/security/identity/authenticator.ts'
import { certificateRules, nameOfSubject } from '../../../broker/src/security/identity/certificate-names.ts'
import { parsePrincipal } from '../../../broker/src/security/identity/principal.ts'
import { ScramExchange, scramCredential } from '../../../broker/src/security/identity/scram.ts'
import { MemoryTables } from '../../../broker/src/security/testing/memory-tables.ts'
import { type FuzzTarget, refusedAs, text } from '../target.ts'

const decode = (input: Uint8Array): string => new TextDecoder().decode(input)

const NONCE = 'broker-nonce'
const FIRST = 'n=alice,r=client-nonce'
const salt = text('a salt of alice')
const known = await scramCredential(nodeCrypto, 'SCRAM-SHA-256', 'pencil', salt, 4096)
const unknown = { ...known, storedKey: known.serverKey }

/** The proof that a client with the password sends, by RFC 5802. */
function proof(): string {
  const hmac = (key: Uint8Array, of: string) => createHmac('sha256', key).update(of).digest()
  const challenge = `r=client-nonce${NONCE},s=${known.salt},i=4096`
  const unproved = `c=biws,r=client-nonce${NONCE}`
  const clientKey = hmac(pbkdf2Sync('pencil', salt, 4096, 32, 'sha256'), 'Client Key')
  const storedKey = createHash('sha256').update(clientKey).digest()
  const signature = hmac(storedKey, `${FIRST},${challenge},${unproved}`)
  return `${unproved},p=${Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!)).toString('base64')}`
}

/**
 * The two messages of a SCRAM client, a line each. Only the sound proof is taken: an input that proves the password and
 * is not the sample is a failure.
 */
export const scramMessages: FuzzTarget = {
  name: 'scram',
  samples: [`n,,${FIRST}\n${proof()}`, `n,,n=bo=2Cb,r=x\n${proof()}`, `y,,${FIRST},ext=1\nc=eSws,r=x,p=AAAA`].map(text),
  run(input) {
    const [first = '', final = ''] = decode(input).split('\n', 2)
    const find = (user: string) => (user === 'alice' ? known : undefined)
    const exchange = new ScramExchange('SCRAM-SHA-256', {
      crypto: nodeCrypto,
      nonce: NONCE,
      find,
      pretend: () => unknown,
    })
    const challenge = exchange.begin(first)
    const proved = challenge === null ? null : exchange.finish(final)
    if (challenge === null && exchange.finish(final) !== null) throw new Error('proved without a first message')
    if (proved === null) return 'refused'
    // Base64 has more than one way to write the same bytes; the messages under the proof have one.
    const isSound = first === `n,,${FIRST}` && final.startsWith(`c=biws,r=client-nonce${NONCE},p=`)
    if (!isSound || exchange.user !== 'alice') throw new Error(`proved by ${JSON.stringify([first, final])}`)
    return 'taken'
  },
}

const tables = new MemoryTables()
const sound = tables.token('User:svc')
const adminToken = nodeCrypto.hash('sha256', text('the-token-of-the-administrator'))

/** Texts of bearer tokens: no other than the cluster's own is taken. */
export const bearerTokens: FuzzTarget = {
  name: 'bearer',
  samples: [sound, 'tr_t9_wrongwrongwrongwrong', 'the-token-of-the-administrator', 'a.b.c'].map(text),
  async run(input) {
    const given = decode(input)
    const random = seededRandom(1)
    const parts = { clock: new ManualClock(0), crypto: nodeCrypto, random, audit: { note() {} } }
    try {
      const authenticator = new Authenticator({ ...parts, tables: () => tables, adminToken: () => adminToken })
      const { principal } = await authenticator.bearer(given, '10.0.0.1')
      const isOurs = given === sound || given === 'the-token-of-the-administrator'
      if (!isOurs) throw new Error(`${principal} by ${JSON.stringify(given)}`)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['AUTHENTICATION_FAILED'])
    }
  },
}

/** Names in certificates and rules: principals, and the rules by which a subject becomes a name. */
export const principalNames: FuzzTarget = {
  name: 'principal',
  samples: ['User:alice', 'Cascade:101', 'RULE:^CN=([^,]+),O=(.*)$/$1@$2/L,DN', 'CN', 'CN=alice,OU=Logs,O=Example'].map(
    text,
  ),
  run(input) {
    const given = decode(input)
    nameOfSubject(certificateRules('CN,DN'), given)
    try {
      nameOfSubject(certificateRules(given), 'CN=alice,OU=Logs,O=Example')
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
    }
    try {
      const { kind, name } = parsePrincipal(given)
      if (`${kind}:${name}` !== given) throw new Error(`${kind}:${name}`)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INVALID_REQUEST'])
    }
  },
}
