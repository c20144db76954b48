import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

/** A page encodes and decodes a batch and a frame, and is refused a bad one. */
const page = `
  import * as schemas from './index.ts'
  const writer = new schemas.BatchWriter()
  writer.append({ timestamp: 5, key: 'SFO', value: 'Grüße ' + 'x'.repeat(100), headers: [['h', 'ü']] })
  const batch = writer.finish({ producerId: 1, producerEpoch: 0, baseSequence: 0, compression: schemas.Compression.none })
  schemas.checkBatch(batch, schemas.crc32c, 1000)
  const [record] = schemas.decodeBatch(batch, 0, {})
  const topic = 'flüge' + 'y'.repeat(80)
  const pieces = schemas.encodeFrame('Publish', { correlation: 2 ** 40, topic, partition: 3, timeoutMs: 5 }, [batch])
  const bytes = new Uint8Array(pieces[0].length + batch.length)
  bytes.set(pieces[0])
  bytes.set(batch, pieces[0].length)
  const frames = []
  const reader = new schemas.FrameReader({ maxFrameBytes: 10000, onFrame: (frame) => frames.push(frame) })
  reader.push(bytes.subarray(0, 30))
  reader.push(bytes.subarray(30))
  const decoder = schemas.decoderFor(JSON.stringify(JSON.parse(schemas.protocolJson)))
  let refusal
  try {
    schemas.encodeFrame('Publish', {})
  } catch (error) {
    refusal = error.code + ' ' + error.message
  }
  globalThis.result = JSON.stringify({
    value: new TextDecoder().decode(record.value),
    header: [record.headers[0][0], new TextDecoder().decode(record.headers[0][1])],
    frame: { name: frames[0].name, fields: frames[0].fields, bodyBytes: frames[0].body.length },
    resolved: schemas.parseFrame(bytes, decoder).fields,
    batchBytes: batch.length,
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
  const realm = createContext({ TextEncoder, TextDecoder }, { codeGeneration: { strings: false } })
  runInContext(bundle.outputFiles[0]!.text, realm)
  const fields = { correlation: 2 ** 40, topic: `flüge${'y'.repeat(80)}`, partition: 3, timeoutMs: 5 }
  const result = JSON.parse(realm.result)
  expect(result).toMatchObject({
    value: `Grüße ${'x'.repeat(100)}`,
    header: ['h', 'ü'],
    frame: { name: 'Publish', fields, bodyBytes: result.batchBytes },
    resolved: fields,
    refusal: expect.stringMatching(/^INVALID_REQUEST .*Publish/),
  })
})
