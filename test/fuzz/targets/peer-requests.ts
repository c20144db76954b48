import { encodeFrame, type MessageName, parseFrame, TailraceError } from '@tailrace/schemas'
import { groupReportOf } from '../../../broker/src/cluster/members/group-report-fields.ts'
import { decodeCommand, encodeCommand } from '../../../broker/src/cluster/metadata/commands/command.ts'
import { formationOf, recordFields } from '../../../broker/src/cluster/metadata/formation-record.ts'
import { commandResultOf } from '../../../broker/src/cluster/metadata/intents/command-result-fields.ts'
import { intentOf } from '../../../broker/src/cluster/metadata/intents/intent-fields.ts'
import { anything } from '../../../broker/src/cluster/requests/request.ts'
import { requestTable } from '../../../broker/src/cluster/requests/table.ts'
import type { RequestName } from '../../../broker/src/partition/peers.ts'
import { sampleGroupRequests, sampleGroupResults } from '../../../schemas/src/testing/sample-consumer-group-messages.ts'
import { sampleMessages } from '../../../schemas/src/testing/sample-messages.ts'
import { sampleIntents } from '../../../schemas/src/testing/sample-peer-messages.ts'
import { sampleStreamRequests, sampleStreamResults } from '../../../schemas/src/testing/sample-stream-messages.ts'
import { type FuzzTarget, joined, refusedAs } from '../target.ts'
import { sealedFrame } from './frames.ts'

type Name = keyof typeof requestTable
type Check = (fields: object) => boolean

const names = Object.keys(requestTable) as Name[]
const checks = new Map<string, Check>(
  names.flatMap((name): [string, Check][] => {
    const { check, checkReply } = requestTable[name].handler
    return [
      [name, check as Check],
      [`${name}Reply`, checkReply as Check],
    ]
  }),
)
/** Requests that are checked when they come in; the others are checked by the code that they are for. */
export const asked: readonly RequestName[] = names.filter(
  (name) => requestTable[name].handler.check !== anything || name === 'Join',
)
const record = recordFields(formationOf([{ id: 1, directoryId: 'd', peer: 'p:1' }]))

function samples(name: MessageName): object[] {
  const sample = sampleMessages[name]
  if ('record' in sample) return [{ ...sample, record }]
  if (name === 'ConsumerGroup') return sampleGroupRequests.map((request) => ({ ...sample, request }))
  if (name === 'ConsumerGroupReply') return sampleGroupResults.map((result) => ({ ...sample, result }))
  if (name === 'Stream') return sampleStreamRequests.map((request) => ({ ...sample, request }))
  if (name === 'StreamReply') return sampleStreamResults.map((result) => ({ ...sample, result }))
  return name === 'MetadataCommand' ? sampleIntents.map((intent) => ({ ...sample, intent })) : [sample]
}

/** Sound frames of a message. */
export function samplesOf(name: MessageName): Uint8Array[] {
  return samples(name).map((fields) => joined(encodeFrame(name, fields as never)))
}

/** The further use of checked fields: a command is written to the log, and has to be readable there. */
function use(name: string, fields: object): void {
  if (name === 'GroupReportReply') JSON.stringify(groupReportOf(fields as Parameters<typeof groupReportOf>[0]))
  if (name === 'MetadataCommandReply') commandResultOf(fields as Parameters<typeof commandResultOf>[0])
  if (name !== 'MetadataCommand') return
  const intent = intentOf((fields as { intent: Parameters<typeof intentOf>[0] }).intent)
  if (intent === null || intent.type === 'create-topic' || intent.type === 'add-partitions') return
  if (decodeCommand(encodeCommand({ id: 'c', command: intent }, 0)) === null) {
    throw new Error(`a command that cannot be read: ${intent.type}`)
  }
}

/** Requests between brokers and their answers: as frames, and through the checks of the table. */
export const peerRequests: FuzzTarget = {
  name: 'peer-request',
  samples: [...checks.keys()].flatMap((name) => samplesOf(name as MessageName)),
  seal: sealedFrame,
  run(input) {
    try {
      const { name, fields } = parseFrame(input, undefined, input.length)
      const check = checks.get(name)
      if (check === undefined) return 'refused'
      if (!check(fields)) throw new TailraceError('INVALID_REQUEST')
      use(name, fields)
      return 'taken'
    } catch (error) {
      const ofFrames = ['MALFORMED_FRAME', 'UNSUPPORTED_MESSAGE', 'FRAME_TOO_LARGE'] as const
      return refusedAs(error, [...ofFrames, 'INVALID_REQUEST', 'CLUSTER_MISMATCH', 'NEWER_FORMAT'])
    }
  },
}
