import { useState } from 'preact/hooks'
import { avroText } from '../avro/decode.ts'
import { parseSchema } from '../avro/schema.ts'
import { indentedJson } from './json-text.ts'

/** A value of Avro by a schema that is given once for a topic, and kept until the tab is closed. */
export function AvroView({ topic, bytes }: { readonly topic: string; readonly bytes: Uint8Array }) {
  const key = `tailrace-avro-schema/${topic}`
  const [schema, setSchema] = useState(sessionStorage.getItem(key) ?? '')
  const change = (text: string): void => {
    sessionStorage.setItem(key, text)
    setSchema(text)
  }
  return (
    <>
      <label>
        Schema of the writer, in JSON
        <textarea
          rows={5}
          value={schema}
          spellcheck={false}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      </label>
      <pre>{schema.trim() === '' ? 'Give the schema of the values of this topic.' : decoded(bytes, schema)}</pre>
    </>
  )
}

function decoded(bytes: Uint8Array, schema: string): string {
  try {
    const text = avroText(bytes, parseSchema(schema))
    return indentedJson(text) ?? text
  } catch (error) {
    return `This is not of the schema, or there is a fault in the schema: ${(error as Error).message}`
  }
}
