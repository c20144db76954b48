import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { protocolFingerprint as sdkProtocolFingerprint } from './avro/generated-codecs/sdk-table.ts'
import { protocolJson } from './foreign/protocol.ts'
import { StreamDecoders } from './foreign/streams.ts'
import { encodeFrame, type FrameOf, parseFrame } from './frame.ts'
import { clientMessages } from './own-messages/client-messages.ts'
import { sampleMessages } from './testing/sample-messages.ts'

const publish = { correlation: 2 ** 40, topic: `flüge${'y'.repeat(80)}`, partition: 3, timeoutMs: 5 }
const published = sampleMessages.PublishReply
const joined = (pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces))

/** A page encodes and decodes a batch and frames, and is refused a bad one. `replies`: as a broker writes them. */
const page = `
  import * as schemas from './index.ts'
  import { schemasOfForeignBroker } from './foreign/streams.ts'
  const writer = new schemas.BatchWriter()
  writer.append({ timestamp: 5, key: 'SFO', value: 'Grüße ' + 'x'.repeat(100), headers: [['h', 'ü']] })
  const batch = writer.finish({ producerId: 1, producerEpoch: 0, baseSequence: 0, compression: schemas.Compression.none })
  schemas.checkBatch(batch, schemas.crc32c, 1000)
  const [record] = schemas.decodeBatch(batch, 0, {})
  const [head] = schemas.encodeFrame('Publish', ${JSON.stringify(publish)}, [batch])
  const foreign = schemasOfForeignBroker(protocolJson)
  let refusal
  try {
    schemas.encodeFrame('Publish', {})
  } catch (error) {
    refusal = error.code + ' ' + error.message
  }
  globalThis.result = JSON.stringify({
    value: new TextDecoder().decode(record.value),
    header: [record.headers[0][0], new TextDecoder().decode(record.headers[0][1])],
    sent: [...head, ...batch],
    reply: schemas.parseFrame(reply, schemas.brokerDecoder).fields,
    resolved: schemas.parseFrame(reply, foreign.decoder).fields,
    answer: [...foreign.answer[0]],
    query: schemas.streamQuery,
    refusal,
  })
`

test('the package runs in a browser bundle, where there is nothing of Node', async () => {
  const bundle = await build({
    stdin: { contents: page, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
  })
  // A fresh realm has the language and nothing else: no process, Buffer, require or setImmediate. It refuses eval and
  // new Function, as a page does whose Content-Security-Policy has no 'unsafe-eval'.
  const reply = joined(encodeFrame('PublishReply', published))
  const realm = createContext({ TextEncoder, TextDecoder, reply, protocolJson }, { codeGeneration: { strings: false } })
  runInContext(bundle.outputFiles[0]!.text, realm)
  const result = JSON.parse(realm.result)
  expect(result).toMatchObject({
    value: `Grüße ${'x'.repeat(100)}`,
    header: ['h', 'ü'],
    reply: published,
    resolved: published,
    query: `?schemas=${sdkProtocolFingerprint}`,
    refusal: expect.stringMatching(/^INVALID_REQUEST .*Publish/),
  })
  expect(parseFrame(Uint8Array.from(result.sent)).fields).toMatchObject(publish)
  const { fields } = parseFrame(Uint8Array.from(result.answer)) as FrameOf<'Schemas'>
  expect(fields.fingerprint).toBe(sdkProtocolFingerprint)
  // A broker of another version reads the page by the schemas that it has sent.
  const decoder = new StreamDecoders(new Set(clientMessages)).for(fields.protocolJson)
  expect(parseFrame(Uint8Array.from(result.sent), decoder).fields).toMatchObject(publish)
})
