import { beforeEach, describe, expect, it } from 'vitest'
import { settled } from '../../platform/testing/clock.ts'
import type { SigningKey, WebhookAnswer } from '../../platform/webhook-port.ts'
import { Webhooks } from './webhooks.ts'

const key: SigningKey = { kid: 'ds_a', jwk: {}, sign: () => new Uint8Array(64) }
const never = new AbortController().signal

interface Delivery {
  readonly host: string
  answer(answer: WebhookAnswer): void
}

describe('webhooks of one broker', () => {
  let underWay: Delivery[]
  let most: number
  let webhooks: Webhooks
  beforeEach(() => {
    underWay = []
    most = 0
    const post = (address: URL) =>
      new Promise<WebhookAnswer>((resolve) => {
        underWay.push({ host: address.hostname, answer: resolve })
        most = Math.max(most, underWay.length)
      })
    webhooks = new Webhooks({
      port: { isPublic: () => null, post },
      hosts: ['*'],
      keys: [key],
      clock: { now: () => 0 },
    })
  })
  const send = (host: string, signal = never) => webhooks.send(`https://${host}/`, '{}', signal)
  const finish = (delivery: Delivery): void => {
    underWay.splice(underWay.indexOf(delivery), 1)
    delivery.answer({ status: 200, text: '' })
  }

  it('go to the other hosts while one answers nothing', async () => {
    const hung = Array.from({ length: 200 }, () => send('hangs.example'))
    const sent = send('other.example')
    await settled()
    const other = underWay.find(({ host }) => host === 'other.example')
    expect(other).toBeDefined()
    finish(other!)
    expect(await sent).toBe(false)
    while (underWay.length > 0) {
      finish(underWay[0]!)
      await settled()
    }
    expect((await Promise.all(hung)).length).toBe(200)
  })

  it('are 64 at a time, whatever ends and begins in one moment', async () => {
    const sent = Array.from({ length: 100 }, (_, at) => send(`h${at % 10}.example`))
    await settled()
    while (underWay.length > 0) {
      const [first] = underWay
      finish(first!)
      // In each step from the end of one to the begin of the next.
      for (let step = 0; step < 10 && sent.length < 300; step++) {
        sent.push(send('new.example'))
        await Promise.resolve()
      }
      await settled()
    }
    expect((await Promise.all(sent)).length).toBe(300)
    expect(most).toBe(64)
  })

  it('that are called off wait no longer', async () => {
    const first = Array.from({ length: 64 }, (_, at) => send(`h${at}.example`))
    const over = new AbortController()
    const waiting = Array.from({ length: 10_100 }, () => send('late.example', over.signal).catch((error) => error))
    await settled()
    over.abort(new Error('called off'))
    const errors = await Promise.race([Promise.all(waiting), settled().then(() => [])])
    expect(new Set(errors.map(({ message }) => message))).toEqual(new Set(['called off', 'Too many deliveries wait.']))
    const last = send('late.example')
    for (const delivery of [...underWay]) finish(delivery)
    await settled()
    finish(underWay[0]!)
    expect([await last, (await Promise.all(first)).length]).toEqual([false, 64])
  })
})
