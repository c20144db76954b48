import { describe, expect, it } from 'vitest'
import type { SubscriptionAct } from '../../api/subscriptions-api.ts'
import { isSubscriptionAct, isSubscriptionAnswer } from './subscription-checks.ts'

const config = {
  type: 'webhook',
  pattern: 'events/*',
  streams: [],
  webhook: 'https://a.example/',
  wakeStream: null,
  leaseMs: 30_000,
  description: null,
} as const
const put: SubscriptionAct = { act: 'put', config, base: 'https://a.example/streams/', owner: null }
const wake = { token: 'a.b', wake: 'w_1', generation: 1 }
const ack: SubscriptionAct = { act: 'ack', by: 'worker', ...wake, acks: [{ stream: 'a', offset: 0 }], done: true }
const watch: SubscriptionAct = { act: 'watch', partition: 0, number: '~1.0', pattern: 'a', streams: ['b'], after: '' }
const news: SubscriptionAct = { act: 'news', number: '~1.0', news: [{ stream: 'a', id: '1.0', tail: 1 }] }
const sound: readonly SubscriptionAct[] = [
  put,
  ack,
  watch,
  news,
  { act: 'get', after: '' },
  { act: 'delete' },
  { act: 'list', partition: 1, after: '' },
  { act: 'link', streams: ['a'] },
  { act: 'unlink', stream: 'a' },
  { act: 'claim', worker: 'w' },
  { act: 'release', ...wake },
  { act: 'unwatch', partition: 1, number: '~1.0', stream: null },
  { act: 'hand-in', partition: 1 },
]

describe('acts about subscriptions', () => {
  it.each(sound.map((act) => [act.act, act] as const))('%s is taken', (_name, act) => {
    expect(isSubscriptionAct(JSON.parse(JSON.stringify(act)))).toBe(true)
  })

  it.each(sound.map((act) => [act.act, act] as const))('%s is refused without any of its fields', (_name, act) => {
    for (const name of Object.keys(act)) expect(isSubscriptionAct({ ...act, [name]: undefined }), name).toBe(false)
  })

  it.each<readonly [what: string, act: unknown]>([
    ['nothing', null],
    ['a number', 7],
    ['an act of no kind', { act: 'toString' }],
    ['a short lease', { ...put, config: { ...config, leaseMs: 999 } }],
    ['a long lease', { ...put, config: { ...config, leaseMs: 600_001 } }],
    ['a pattern of very many segments', { ...put, config: { ...config, pattern: `${'a/'.repeat(32)}a` } }],
    ['no streams', { ...put, config: { ...config, pattern: null } }],
    ['too many streams', { ...put, config: { ...config, streams: Array(101).fill('a') } }],
    ['long names', { ...put, config: { ...config, streams: Array(21).fill('a'.repeat(1000)) } }],
    ['a stream of control', { ...put, config: { ...config, streams: ['__ds/a'] } }],
    ['a webhook that is no address', { ...put, config: { ...config, webhook: 'hook' } }],
    ['a webhook without an address', { ...put, config: { ...config, webhook: null } }],
    ['a stream of wakes for a webhook', { ...put, config: { ...config, wakeStream: 'w' } }],
    ['no stream of wakes', { ...put, config: { ...config, type: 'pull-wake', webhook: null } }],
    ['a negative offset', { ...ack, acks: [{ stream: 'a', offset: -1 }] }],
    ['too many acks', { ...ack, acks: Array(1_001).fill({ stream: 'a', offset: 0 }) }],
    ['an ack of another kind', { ...ack, by: 'anybody' }],
    ['no partition', { ...watch, partition: -1 }],
    ['news of nothing', { ...news, news: [{}] }],
  ])('%s is refused', (_what, act) => {
    expect(isSubscriptionAct(act)).toBe(false)
  })
})

it.each([null, {}, { status: 500, body: null }, { status: 200, body: [] }, { status: 200.5, body: {} }])(
  '%j is no answer',
  (answer) => {
    expect(isSubscriptionAnswer(answer)).toBe(false)
  },
)
