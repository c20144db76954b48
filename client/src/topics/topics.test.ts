import type { StandardSchemaV1 } from '@standard-schema/spec'
import { TailraceError } from '@tailrace/schemas'
import avsc from 'avsc'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { avro, bytes, type Codec, coded, isTopic, json, nullable, type StandardSchema, text, topic } from '../index.ts'

interface Order {
  readonly id: string
  readonly price: number
}

const utf8 = (written: string) => new TextEncoder().encode(written)
/** As a library makes one: reads a price that is text, and leaves out what it does not know. */
const schema: StandardSchemaV1<{ id: string; price: number | string }, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { id, price } = (value ?? {}) as Record<string, unknown>
      const issues = []
      if (typeof id !== 'string') issues.push({ message: 'text is needed', path: ['id'] })
      if (!Number.isFinite(Number(price))) issues.push({ message: 'a number is needed', path: [{ key: 'price' }] })
      return issues.length > 0 ? { issues } : { value: { id: id as string, price: Number(price) } }
    },
  },
}

/** What `call` throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

/** The same by way of bytes. */
function carried<In, Out>(codec: Codec<In, Out>, value: In): Out {
  const written = codec.encode(value)
  return codec.decode(typeof written === 'string' ? utf8(written) : written)
}

describe('codecs', () => {
  it('carry what they are for', () => {
    expect(carried(text(), 'grün 🌊')).toBe('grün 🌊')
    expect(carried(bytes(), Uint8Array.of(0, 255))).toEqual(Uint8Array.of(0, 255))
    expect(carried(json<unknown>(), { a: [1, null] })).toEqual({ a: [1, null] })
    expect(carried(nullable(json<Order>()), null)).toBe(null)
    expect(carried(nullable(text()), 'a')).toBe('a')
    const type = avsc.Type.forSchema({ type: 'record', name: 'A', fields: [{ name: 'id', type: 'string' }] })
    // A view into the middle of more, as what a consumer receives is.
    const written = avro(type).encode({ id: 'x1' }) as Uint8Array
    const received = new Uint8Array(written.length + 9)
    received.set(written, 5)
    expect({ ...avro<{ id: string }>(type).decode(received.subarray(5, 5 + written.length)) }).toEqual({ id: 'x1' })
  })

  it.each<[string, () => unknown]>([
    ['null is no text', () => text().decode(null)],
    ['a number is no text', () => text().encode(1 as never)],
    ['a text is no bytes', () => bytes().encode('a' as never)],
    ['bytes that are not UTF-8', () => text().decode(Uint8Array.of(0xff))],
    ['JSON that is cut', () => json().decode(utf8('{"a":'))],
    ['JSON of nothing', () => json().decode(null)],
    ['what JSON cannot tell', () => json().encode(undefined)],
    ['what JSON refuses', () => json().encode(1n)],
    ['Avro that is cut', () => avro(avsc.Type.forSchema('string')).decode(Uint8Array.of(8, 65))],
    ['what Avro refuses', () => avro(avsc.Type.forSchema('string')).encode(1)],
    ['a text that is cut in half', () => text().decode(utf8('ü').subarray(0, 1))],
  ])('%s: INVALID_RECORD that names the part', (_, call) => {
    expect(thrownBy(() => coded('value', null, call))).toMatchObject({
      code: 'INVALID_RECORD',
      message: expect.stringMatching(/^A record is not valid\. value: .*[.!?]$/s),
    })
  })
})

describe('a schema', () => {
  const order = json(schema)

  it('validates what is sent, which travels as it was given, and makes what is read', () => {
    expect(order.encode({ id: 'a', price: '7' })).toBe('{"id":"a","price":"7"}')
    expect(order.decode(utf8('{"id":"a","price":"7","more":1}'))).toEqual({ id: 'a', price: 7 })
    expectTypeOf(order.encode).parameter(0).toEqualTypeOf<{ id: string; price: number | string }>()
    expectTypeOf(order.decode).returns.toEqualTypeOf<Order>()
  })

  it('says what is wrong and where; the cause has all issues', () => {
    const error = thrownBy(() => coded('value', { price: 'x' }, (value) => order.encode(value as never)))
    expect(error).toMatchObject({
      code: 'INVALID_RECORD',
      message: 'A record is not valid. value: id: text is needed; price: a number is needed.',
      cause: [{ message: 'text is needed' }, { message: 'a number is needed' }],
    })
  })

  it('does not tell more of a value than fits a line of a log', () => {
    const issues = Array.from({ length: 1000 }, () => ({ message: 'x'.repeat(1000) }))
    const refusing = json({
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) },
    } as StandardSchema)
    expect((thrownBy(() => refusing.encode(1)) as Error).message.length).toBeLessThan(600)
  })

  it('that is asynchronous is a wrong setting', async () => {
    const validate = () => Promise.reject(new Error('later'))
    const later = json({ '~standard': { version: 1, vendor: 'test', validate } } as StandardSchema)
    for (const call of [() => later.encode(1), () => later.decode(utf8('1'))])
      expect(thrownBy(() => coded('value', 1, call))).toMatchObject({ code: 'INVALID_SETTING' })
    await new Promise((resolve) => setTimeout(resolve))
  })

  it.each([[null], [1], [{}], [{ '~standard': {} }]])('%j is none', (given) => {
    expect(() => json(given as never)).toThrow('Standard Schema')
  })

  it('may be a function, as those of arktype are', () => {
    const callable = Object.assign(() => 1, schema)
    expect(json(callable).decode(utf8('{"id":"a","price":1}'))).toEqual({ id: 'a', price: 1 })
  })
})

describe('topic', () => {
  it('names a topic with the types of its values and keys', () => {
    const orders = topic('orders', json<Order>())
    expect([orders.name, isTopic(orders), isTopic('orders')]).toEqual(['orders', true, false])
    const read = topic('orders', json(schema), { key: text() })
    expectTypeOf(orders.key.decode).returns.toEqualTypeOf<string | null>()
    expectTypeOf(read.key.decode).returns.toEqualTypeOf<string>()
    expectTypeOf(read.value.decode).returns.toEqualTypeOf<Order>()
  })

  it.each<[string, () => unknown]>([
    ['INVALID_TOPIC_NAME', () => topic('a b', text())],
    ['INVALID_SETTING', () => topic('a', undefined as never)],
    ['INVALID_SETTING', () => topic('a', text(), { key: {} as never })],
    ['INVALID_SETTING', () => topic('a', text(), { keys: text() } as never)],
    ['INVALID_SETTING', () => avro({} as never)],
  ])('%s for what it cannot take', (code, call) => {
    const error = thrownBy(call)
    expect(error).toBeInstanceOf(TailraceError)
    expect(error).toMatchObject({ code })
  })
})
