import type { StreamsApi, StreamsService } from '../../api/streams-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { abortable } from '../../platform/timing/deadline.ts'
import { ManualPartition } from '../../streams/testing/manual-partition.ts'

/** The streams of one partition in memory, by the leader of real ones. */
export class MemoryStreams implements StreamsService {
  readonly partition: Pick<StreamsApi, 'ask'>

  private constructor(partition: Pick<StreamsApi, 'ask'>) {
    this.partition = partition
  }

  static async open(clock: Clock): Promise<MemoryStreams> {
    return new MemoryStreams(await ManualPartition.open(clock))
  }

  for(): StreamsApi {
    const { partition } = this
    return {
      ask(request, body) {
        // It is the only one.
        const isElsewhere = request.kind === 'subscription' && request.act.act === 'list' && request.act.partition > 0
        const nothing = { kind: 'subscription', answer: { status: 200, body: { subscriptions: [] } } }
        return isElsewhere
          ? Promise.resolve({ result: nothing, body: new Uint8Array(0) } as never)
          : partition.ask(request, body)
      },
      async wait(place, waitMs, signal) {
        await abortable(signal, partition.ask({ kind: 'wait', ...place, waitMs }))
      },
    }
  }
}
