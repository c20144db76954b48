import type { Frame, MessageName } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { sampleMessages } from '../../schemas/src/testing/sample-messages.ts'
import { checkReply } from './reply-checks.ts'

const names = ['PublishReply', 'FetchReply', 'FindOffsetReply', 'InitProducerReply', 'Records', 'Subscribed'] as const
const body = new Uint8Array()
/** Fields that may be below 0, or that are no number of the broker's. */
const free = new Set(['correlation', 'subscription', 'fence'])

function frame(name: MessageName, fields: object): Frame {
  return { name, fields, body } as Frame
}

describe('numbers of an answer', () => {
  it.each(names)('%s: as brokers write it, it passes', (name) => {
    expect(() => checkReply(frame(name, sampleMessages[name]))).not.toThrow()
  })

  it.each(names)('%s: each number below 0 is refused, by name', (name) => {
    const fields: Record<string, unknown> = { ...sampleMessages[name] }
    const places = name === 'Subscribed' ? sampleMessages.Subscribed.partitions[0]! : fields
    const numbers = Object.entries(places).filter(([key, value]) => typeof value === 'number' && !free.has(key))
    expect(numbers.length).toBeGreaterThan(1)
    for (const [key] of numbers) {
      const changed =
        name === 'Subscribed' ? { ...fields, partitions: [{ ...places, [key]: -1 }] } : { ...fields, [key]: -1 }
      expect(() => checkReply(frame(name, changed))).toThrow(`${name} says ${key} -1.`)
    }
  })

  it('a PublishIf without a record ends one before it begins', () => {
    const fields = sampleMessages.PublishIfReply
    expect(() => checkReply(frame('PublishIfReply', { ...fields, baseOffset: 0, lastOffset: -1 }))).not.toThrow()
    for (const name of ['baseOffset', 'term', 'index']) {
      expect(() => checkReply(frame('PublishIfReply', { ...fields, [name]: -1 }))).toThrow(`says ${name} -1.`)
    }
  })

  it('an epoch has 15 bits', () => {
    const identity = { ...sampleMessages.InitProducerReply, epoch: 32_768 }
    expect(() => checkReply(frame('InitProducerReply', identity))).toThrow('InitProducerReply says epoch 32768.')
  })

  it('SubscriptionEnd may leave out where a partition begins', () => {
    expect(() => checkReply(frame('SubscriptionEnd', sampleMessages.SubscriptionEnd))).not.toThrow()
  })
})
