import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { SecurityDoor, type SecurityRequest, type SenderName } from '../live/security-door.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, text, type Verdict } from '../target.ts'

const MOST_REQUESTS = 4

const resource = { type: 'topic', name: 'orders.', pattern: 'prefixed' }
const acl = { principal: 'User:alice', host: '*', operation: 'read', permission: 'allow', resource }
const scope = { operations: ['read', 'write'], resources: [resource] }
const question = { principal: 'User:alice', groups: ['Group:ops'], host: '10.0.0.1', operation: 'read' }

const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64')
const scram = { salt: bytes(16), iterations: 4096, storedKey: bytes(32), serverKey: bytes(32) }
const user = { name: 'bob', scram: { 'SCRAM-SHA-256': scram } }
const made = { createdAt: 1.7e12, createdBy: 'User:ann', expiresAt: null }
const token = { id: 'ab'.repeat(12), hash: bytes(32), principal: 'User:svc', scope: null, ...made }

/** A sound request of each kind: the path behind `/security/`, and the body. */
const asked = [
  ['PUT', 'users/alice', { password: 'pencil' }],
  ['DELETE', 'users/alice', null],
  ['POST', 'tokens', { principal: 'User:svc', scope, lifetimeMs: 86_400_000 }],
  ['DELETE', 'tokens/0123456789abcdef01234567', null],
  ['POST', 'acls', { acls: [acl, { ...acl, host: '10.0.0.1', permission: 'deny' }] }],
  ['DELETE', 'acls?principal=User%3Aalice&type=topic&pattern=prefixed&name=orders.', null],
  ['POST', 'acls/test', { ...question, resource: { type: 'topic', name: 'orders.eu' } }],
  ['PUT', 'quotas', { entity: { principal: '*', clientId: 'loader' }, limits: { fetchBytesPerSecond: 1_000_000 } }],
  ['DELETE', 'quotas?principal=*&clientId=loader', null],
  ['GET', 'users', null],
  ['GET', 'tokens', null],
  ['GET', 'acls?principal=User%3Aalice', null],
  ['GET', 'quotas', null],
  ['POST', 'credentials', { users: [user], tokens: [token] }],
  ['GET', 'credentials', null],
] as const

/** What of the request a block's bytes are: its body, parts of the sound body that are odd, or its path. */
const manners = ['odd', 'body', 'path'] as const
const sent: readonly SenderName[] = ['administrator', 'administrator', 'reader', 'nobody']

function kindOf(request: number, manner: (typeof manners)[number], sender: number): number {
  return request + asked.length * (manners.indexOf(manner) + manners.length * sender)
}

function block(request: number, manner: (typeof manners)[number], bytes: Uint8Array | string, sender = 0): Block {
  return { kind: kindOf(request, manner, sender), bytes: typeof bytes === 'string' ? text(bytes) : bytes }
}

const odd = (request: number, ...choices: number[]): Block => block(request, 'odd', Uint8Array.from(choices))

function requestOf({ kind, bytes }: Block): SecurityRequest {
  const [method, path, sound] = asked[kind % asked.length]!
  const manner = manners[Math.floor(kind / asked.length) % manners.length]!
  const sender = sent[Math.floor(kind / asked.length / manners.length) % sent.length]!
  const given = manner === 'path' ? new TextDecoder('latin1').decode(bytes) : path
  if (manner === 'body') return { method, url: `/security/${given}`, body: bytes, sender }
  const body = sound === null ? null : text(manner === 'odd' ? oddJson(sound, bytes) : JSON.stringify(sound))
  return { method, url: `/security/${given}`, body, sender }
}

async function ask(input: Uint8Array): Promise<Verdict> {
  const door = new SecurityDoor()
  let verdict: Verdict = 'refused'
  for (const block of blocksOf(input).slice(0, MOST_REQUESTS)) {
    if ((await door.request(requestOf(block))) < 300) verdict = 'taken'
  }
  await door.check()
  return verdict
}

/** A row for each request: the sound one, and then one that is changed in some way. */
const sessions: readonly (readonly Block[])[] = [
  [odd(0), odd(0, 1, 3), odd(9), odd(1)],
  [odd(2), odd(2, 3, 5), odd(10), odd(3)],
  [odd(4), odd(4, 4, 7), odd(11), odd(5)],
  [odd(7), odd(7, 3, 2), odd(12), odd(8)],
  [odd(13), odd(13, 3, 2), odd(14), block(14, 'path', 'credentials?after=user%20a')],
  [odd(6), odd(6, 2, 4), block(8, 'path', 'quotas?address=10.0.0.1'), block(9, 'odd', '', 3)],
  [
    block(0, 'body', '{"password":"pencil"}'),
    block(0, 'path', 'users/al%20ice%2Fops'),
    block(1, 'path', 'users/al%20ice%2Fops'),
    block(5, 'path', 'acls?host=*&operation=read&permission=allow'),
  ],
  [
    block(4, 'body', JSON.stringify({ acls: [acl] })),
    block(2, 'body', '{"principal":"Cascade:101"}'),
    block(7, 'body', '{"entity":{"address":"2001:db8::1"},"limits":{"connections":3,"topicsPerHour":1}}'),
  ],
  [block(9, 'odd', '', 2), block(0, 'odd', '', 2), block(3, 'odd', '', 2), block(4, 'odd', '', 3)],
]

/** Requests about users, tokens, rules and quotas over HTTP. */
export const securityRequests: FuzzTarget = {
  name: 'security-request',
  samples: sessions.map(bytesOf),
  run: (input) => withoutLooseErrors(() => ask(input)),
}
