import { isDeepStrictEqual } from 'node:util'
import { parseReadToken } from '@tailrace/schemas/parse-read-token'
import { parseConfigFile } from '../../../broker/src/config/config-file.ts'
import { fromFile } from '../../../broker/src/config/given-settings.ts'
import { resolveSettings } from '../../../broker/src/config/resolve-settings.ts'
import { LineSplitter } from '../../../broker/src/doors/http/lines/line-splitter.ts'
import { recordOfLine } from '../../../broker/src/doors/http/lines/record-of-line.ts'
import { gatherBatches } from '../../../broker/src/doors/json/batches.ts'
import { recordsFromJson } from '../../../broker/src/doors/json/record.ts'
import { parseStreamPosition } from '../../../broker/src/doors/sse/stream-position.ts'
import { idOf, objectFromText, requestFrom } from '../../../broker/src/doors/ws/text-requests.ts'
import { type FuzzTarget, refusedAs, text } from '../target.ts'

const decode = (input: Uint8Array): string => new TextDecoder().decode(input)

/** Text frames of `/stream`, and the records in them, which HTTP takes too. */
export const textOperations: FuzzTarget = {
  name: 'text-operation',
  samples: [
    '{"op":"subscribe","id":"a","topic":"flights","from":"earliest","partitions":[0,{"partition":1,"from":12}]}',
    '{"op":"subscribe","id":1,"topic":"flights","from":"2026-03-01T12:00:00Z","credit":1000}',
    '{"op":"credit","id":"a","bytes":65536}',
    '{"op":"unsubscribe","id":"a"}',
    '{"op":"watch","id":"w","topics":["flights","orders"]}',
    '{"op":"watch","id":1}',
    '{"op":"unwatch","id":"w"}',
    '{"op":"authenticate","id":"a","user":"alice","password":"pencil"}',
    '{"op":"authenticate","id":2,"token":"tr_t1_secretsecretsecret"}',
    '{"op":"publish-if","id":"a","topic":"t","partition":1,"expectedOffset":7,"fence":2,"records":[{"value":"v"}]}',
    '{"op":"publish","id":"a","topic":"t","records":[{"key":"k","value":"v","headers":{"h":["x",null]},"partition":1}]}',
    '{"op":"publish","id":"a","topic":"t","records":[{"key":{"base64":"AAH/"},"value":null,"timestamp":1700000000000}]}',
  ].map(text),
  run(input) {
    try {
      const message = objectFromText(decode(input))
      idOf(message)
      const request = requestFrom(message)
      if (request.op !== 'publish') return 'taken'
      const spread = { topic: 't', partitions: 3, unkeyedPartition: 0, maxBatchBytes: 100_000, now: 1.7e12 }
      gatherBatches(recordsFromJson(request.records), spread)
      return 'taken'
    } catch (error) {
      return refusedAs(error, [
        'INVALID_REQUEST',
        'INVALID_RECORD',
        'UNKNOWN_PARTITION',
        'BATCH_TOO_LARGE',
        'INVALID_TIMESTAMP',
      ])
    }
  },
}

/** Bodies of records as lines, in two pieces. */
export const recordLines: FuzzTarget = {
  name: 'record-lines',
  samples: [
    '{"key":"k","value":"v","headers":{"h":["x",null]},"partition":1}\n\r\n{"value":{"base64":"AAH/"}}\r\n',
    '{"offset":3,"timestamp":1700000000000,"key":null,"value":null,"headers":{}}\n{"value":"ü"}',
  ].map(text),
  run(input) {
    try {
      const splitter = new LineSplitter(200)
      const bytes = Buffer.from(input)
      const take = (line: Buffer): void => void recordOfLine(line, 'records', `Line ${splitter.number}`)
      for (const piece of [bytes.subarray(0, 20), bytes.subarray(20)]) {
        for (const line of splitter.lines(piece)) take(line)
      }
      const last = splitter.last()
      if (last !== null) take(last)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INVALID_RECORD', 'FRAME_TOO_LARGE'])
    }
  },
}

export const readTokens: FuzzTarget = {
  name: 'read-token',
  samples: ['3-17-00ff00ff00ff00ff', '3-17', 'v2-abc'].map(text),
  run(input) {
    try {
      parseReadToken(decode(input))
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INVALID_REQUEST', 'NEWER_FORMAT'])
    }
  },
}

/** Ids of server-sent events, which clients hand back: what is taken is what it says. */
export const streamPositions: FuzzTarget = {
  name: 'stream-position',
  samples: ['6f0c-1:0,1c,E,L,Tmb0', 't:2=1c,7=0', 't:zzzzzzzzzz'].map(text),
  run(input) {
    try {
      const position = parseStreamPosition(decode(input))
      const again = parseStreamPosition(String(position))
      if (!isDeepStrictEqual(again, position)) throw new Error(`${position} is read as ${again}`)
      return 'taken'
    } catch (error) {
      return refusedAs(error, ['INVALID_REQUEST'])
    }
  },
}

function configFile(ending: string, samples: readonly string[]): FuzzTarget {
  return {
    name: `config-${ending}`,
    samples: samples.map(text),
    async run(input) {
      try {
        const content = await parseConfigFile(decode(input), `broker.${ending}`)
        resolveSettings({ flags: new Map(), environment: new Map(), file: fromFile(content, `broker.${ending}`) })
        return 'taken'
      } catch (error) {
        return refusedAs(error, ['INVALID_SETTING'])
      }
    },
  }
}

export const jsonConfigFiles = configFile('json', [
  '{"http":"127.0.0.1:8080","peer":"127.0.0.1:7080","id":1,"data":"./data","journalFileBytes":"64MiB"}',
])
export const yamlConfigFiles = configFile('yaml', [
  'http: 127.0.0.1:8080\npeer: 127.0.0.1:7080\nid: 1\ndata: ./data\njoin:\n  - 127.0.0.1:7081\nlogLevel: info\n',
])
