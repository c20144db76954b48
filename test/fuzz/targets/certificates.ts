import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { Authenticator } from '../../../broker/src/security/identity/authenticator.ts'
import { isPrincipal } from '../../../broker/src/security/identity/principal.ts'
import { noTables } from '../../../broker/src/security/security-tables.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { type FuzzTarget, text, type Verdict } from '../target.ts'

const BY_DEFAULT = 'CN'
/**
 * Rules that an operator may set. They stay as they are: a changed one can take very long to match, and is nothing that
 * a client chooses. How rules are read is a matter of the target `principal`.
 */
const ruleSets = [
  BY_DEFAULT,
  'DN',
  'RULE:^CN=([^,]+),O=(.*)$/$1@$2/L,DN',
  'RULE:CN=(.*?),OU=Logs.*/$1/U,CN',
  'RULE:^.*CN=([^,]+).*$/$1/,RULE:O=(.*)/$1/',
] as const
/** A block's kind chooses what its bytes are: an attribute of the subject, a DNS name, or the number of the rules. */
const parts = ['CN', 'OU', 'O', 'L', 'emailAddress', 'DNS', 'rules'] as const
type Part = (typeof parts)[number]

const block = (part: Part, value: string): Block => ({ kind: parts.indexOf(part), bytes: text(value) })
const ruled = (by: (typeof ruleSets)[number]): Block => ({
  kind: parts.indexOf('rules'),
  bytes: Uint8Array.of(ruleSets.indexOf(by)),
})

interface Shown {
  rules: string
  readonly names: string[]
  /** The most specific one first. */
  readonly attributes: [type: Part, value: string][]
}

function shownBy(input: Uint8Array): Shown {
  const shown: Shown = { rules: BY_DEFAULT, names: [], attributes: [] }
  for (const { kind, bytes } of blocksOf(input)) {
    const part = parts[kind % parts.length]!
    const value = new TextDecoder().decode(bytes)
    if (part === 'rules') shown.rules = ruleSets[(bytes[0] ?? 0) % ruleSets.length]!
    else if (part === 'DNS') shown.names.push(value.toLowerCase())
    else shown.attributes.push([part, value])
  }
  return shown
}

/** As OpenSSL writes the value of an attribute (RFC 2253). */
function escaped(value: string): string {
  return value
    .replace(/[,+"\\<>;]|^[# ]|(?!^) $/g, '\\$&')
    .replace(/\p{Cc}/gu, (control) => `\\${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function run(input: Uint8Array): Verdict {
  const { rules, names, attributes } = shownBy(input)
  const subject = attributes.map(([type, value]) => `${type}=${escaped(value)}`).join(',')
  const platform = { clock: new ManualClock(0), crypto: nodeCrypto, random: seededRandom(1), audit: { note() {} } }
  const authenticator = new Authenticator({ ...platform, tables: () => noTables, certificateRules: rules })
  const certificate = { names, uris: [], subject, issuer: 'CN=CA', fingerprint: 'f', validUntil: 1.8e12 }
  const session = authenticator.certificate(certificate, '10.0.0.1')
  if (session === null) return 'refused'
  const { principal } = session
  if (!isPrincipal(principal)) throw new Error(`${principal} is none`)
  const isOfBroker = names.some((name) => `:${name.split('-')[1]}` === principal.slice(principal.indexOf(':')))
  if (!principal.startsWith('User:') && !isOfBroker) throw new Error(`${principal} by ${names}`)
  const common = attributes.filter(([type]) => type === 'CN').map(([, value]) => `User:${value}`)
  if (rules === BY_DEFAULT && principal.startsWith('User:') && !common.includes(principal))
    throw new Error(`${principal} by ${subject}`)
  return 'taken'
}

/** Certificates of clients that a CA has signed without a look at what they say, and the rules for their names. */
export const clientCertificates: FuzzTarget = {
  name: 'certificate',
  samples: [
    [block('CN', 'alice'), block('OU', 'Logs'), block('O', 'Example')],
    [block('OU', 'a,CN=admin'), block('CN', 'bob'), block('emailAddress', 'bob@example.com')],
    [block('DNS', 'broker-3'), block('DNS', 'a.example'), block('CN', 'broker-3')],
    [block('DNS', 'cascade-101')],
    [ruled('RULE:^CN=([^,]+),O=(.*)$/$1@$2/L,DN'), block('CN', 'Alice'), block('O', 'Example')],
    [ruled('RULE:CN=(.*?),OU=Logs.*/$1/U,CN'), block('CN', 'carol'), block('OU', 'Logs'), block('L', 'Bern')],
  ].map(bytesOf),
  run,
}
