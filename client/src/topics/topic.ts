import { checkTopicName, TailraceError } from '@tailrace/schemas'
import { reasonOf } from '../reach.ts'
import { refuseUnknown } from '../settings.ts'
import { type Codec, nullable, text } from './codec.ts'

/**
 * A topic with the types of its values and keys, for producers and consumers. `In`, `KeyIn`: what is sent; `Out`,
 * `KeyOut`: what is read.
 */
export interface Topic<In, Out = In, KeyIn = string | null, KeyOut = KeyIn> {
  readonly name: string
  readonly value: Codec<In, Out>
  readonly key: Codec<KeyIn, KeyOut>
}

/** One of any types. */
// biome-ignore lint/suspicious/noExplicitAny: codecs take their values, so no other type includes all of them
export type AnyTopic = Topic<any, any, any, any>

const names = ['key']

/**
 * Names a topic and its codecs; it is not created by that. `key`: by default text, or null.
 * @throws TailraceError INVALID_TOPIC_NAME, INVALID_SETTING
 */
export function topic<In, Out>(name: string, value: Codec<In, Out>): Topic<In, Out>
export function topic<In, Out, KeyIn, KeyOut>(
  name: string,
  value: Codec<In, Out>,
  options: { readonly key: Codec<KeyIn, KeyOut> },
): Topic<In, Out, KeyIn, KeyOut>
export function topic(name: string, value: AnyTopic['value'], options: { key?: AnyTopic['key'] } = {}): AnyTopic {
  checkTopicName(name)
  refuseUnknown(options, names)
  const { key = nullable(text()) } = options
  checkCodec('value', value)
  checkCodec('key', key)
  return Object.freeze({ name, value, key })
}

/** Whether it is one, and not the name of a topic. */
export function isTopic(given: unknown): given is AnyTopic {
  return typeof given === 'object' && given !== null && 'value' in given && 'key' in given
}

/**
 * The key, or value, of one record by its codec. Whatever that throws is told as the record's mistake.
 * @throws TailraceError INVALID_RECORD that names the part; INVALID_SETTING of the codec
 */
export function coded<Given, Made>(part: 'key' | 'value', given: Given, code: (given: Given) => Made): Made {
  try {
    return code(given)
  } catch (error) {
    const told = error instanceof TailraceError ? error : undefined
    if (told !== undefined && told.code !== 'INVALID_RECORD') throw told
    const reason = told === undefined ? (error instanceof Error ? error.message : String(error)) : reasonOf(told)
    const cause = told?.cause ?? error
    throw new TailraceError('INVALID_RECORD', `${part}: ${/[.!?]$/.test(reason) ? reason : `${reason}.`}`, { cause })
  }
}

function checkCodec(name: string, codec: unknown): void {
  const { encode, decode } = (codec ?? {}) as Partial<Codec<unknown>>
  if (typeof encode === 'function' && typeof decode === 'function') return
  throw new TailraceError('INVALID_SETTING', `${name}: it is no codec such as json(), text() or bytes().`)
}
