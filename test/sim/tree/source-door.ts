import { encodeFrame, parseFrame, TailraceError } from '@tailrace/schemas'
import { schemasFrame } from '@tailrace/schemas/foreign-streams'
import type { CascadeApi } from '../../../broker/src/cascade/wire/cascade-messages.ts'
import type { Rights } from '../../../broker/src/doors/limits/rights.ts'
import { CascadeRequests } from '../../../broker/src/doors/ws/cascade-requests.ts'
import type { WireEnd } from './wires.ts'

/**
 * The WebSocket of a source, as far as beats and lists go: the shipped requests, on frames as they are sent.
 * `tellsAll`: as a broker did that knew no changes.
 */
export function openDoor(end: WireEnd, cascade: CascadeApi, tellsAll: boolean): void {
  const rights = { cascade, checkCluster: () => {} } as unknown as Rights
  const requests = new CascadeRequests({ overfull: false }, { rights, checkWrite: () => {} })
  end.onMessage = (bytes) => {
    const frame = parseFrame(bytes)
    switch (frame.name) {
      case 'CascadeBeat':
        requests.beat(tellsAll ? { ...frame.fields, list: -1 } : frame.fields).then(
          (reply) => end.send(encodeFrame('CascadeBeatReply', tellsAll ? { ...reply, taken: 0 } : reply)),
          (error: unknown) => refuse(frame.fields.correlation, error),
        )
        break
      case 'CascadeTopics':
        end.send(encodeFrame('CascadeTopicsReply', requests.topics(frame.fields)))
        break
      default:
        throw new Error(`A tree without records has no ${frame.name}.`)
    }
  }
  const refuse = (correlation: number, error: unknown): void => {
    if (!(error instanceof TailraceError)) throw error
    end.send(encodeFrame('Failure', { correlation, error: error.toJSON() }))
  }
  end.send(schemasFrame(true))
}
