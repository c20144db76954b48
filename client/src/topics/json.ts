import { TailraceError } from '@tailrace/schemas'
import { type Codec, present, textIn } from './codec.ts'
import type { InputOf, OutputOf, SchemaIssue, StandardSchema } from './standard-schema.ts'

/** Of the issues that a schema finds so many are told in the error's text; its cause has all. */
const MOST_TOLD = 3
const MOST_CHARACTERS = 500

/**
 * JSON. With a schema of zod, valibot, arktype or another library of Standard Schema each value is validated when it is
 * sent, and travels as it was given; when it is read, it is validated again, and becomes what the schema makes of it.
 * Without a schema `Value` is what the program claims, and nothing checks it.
 * @throws TailraceError INVALID_SETTING: it is no such schema
 */
export function json<Value = unknown>(): Codec<Value>
export function json<Schema extends StandardSchema>(schema: Schema): Codec<InputOf<Schema>, OutputOf<Schema>>
export function json(schema?: StandardSchema): Codec<unknown> {
  if (schema === undefined) return { encode, decode }
  if (typeof schema?.['~standard']?.validate !== 'function') {
    throw new TailraceError('INVALID_SETTING', 'json: it is no schema of a library that has Standard Schema.')
  }
  return {
    encode(value) {
      validated(schema, value)
      return encode(value)
    },
    decode: (given) => validated(schema, decode(given)),
  }
}

/** @throws TypeError JSON cannot tell the value */
function encode(value: unknown): string {
  const written: string | undefined = JSON.stringify(value)
  if (written !== undefined) return written
  throw new TailraceError('INVALID_RECORD', `JSON has no ${typeof value}.`)
}

/** @throws SyntaxError */
function decode(given: Uint8Array | null): unknown {
  return JSON.parse(textIn(present(given)))
}

/** @throws TailraceError INVALID_RECORD; INVALID_SETTING: the schema is asynchronous */
function validated(schema: StandardSchema, value: unknown): unknown {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    // It may reject later, when nobody waits for it any more.
    result.catch(() => {})
    throw new TailraceError('INVALID_SETTING', 'json: the schema is asynchronous, and order would wait for it.')
  }
  if (result.issues === undefined) return result.value
  throw new TailraceError('INVALID_RECORD', issuesText(result.issues), { cause: result.issues })
}

function issuesText(issues: readonly SchemaIssue[]): string {
  const told = issues.slice(0, MOST_TOLD).map(issueText)
  if (issues.length > MOST_TOLD) told.push(`and ${issues.length - MOST_TOLD} more`)
  return `${told.join('; ').slice(0, MOST_CHARACTERS)}.`
}

function issueText({ message, path = [] }: SchemaIssue): string {
  const steps = path.map((step) => String(typeof step === 'object' ? step.key : step))
  return steps.length === 0 ? message : `${steps.join('.')}: ${message}`
}
