import { topicNamed } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { anything } from './request.ts'

const MAX_WAIT_MS = 30_000

export const fetch: RequestHandler<'Fetch'> = {
  check: anything,
  needs: ({ topic }) => [[['read', topicNamed(topic)]]],
  checkReply: anything,
  async answer({ reader, state }, _from, { topic, partition, offset, maxBytes, waitMs, topicId, ...wanted }) {
    const { tokenTerm: term = 0, tokenIndex: index = 0, tokenSeal: seal = '', linearizable = false } = wanted
    const token = index === 0 ? {} : { token: { term, index, seal } }
    const request = { offset, maxBytes, waitMs: Math.min(waitMs, MAX_WAIT_MS), linearizable, ...token }
    const { batches, nextOffset, highWatermark, logStart } = await reader
      .ledHere(topic, partition, topicId)
      .fetch(request)
    return { fields: { nextOffset, highWatermark, logStart, rulesVersion: state.security.version }, body: batches }
  },
}
