import { topicNamed } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { anything, withoutBody } from './request.ts'

export const findOffset: RequestHandler<'FindOffset'> = {
  check: anything,
  needs: ({ topic }) => [[['describe', topicNamed(topic)]]],
  checkReply: anything,
  async answer({ reader }, _from, { topic, partition, position, topicId, linearizable }) {
    return withoutBody(await reader.ledHere(topic, partition, topicId).findOffset(position, linearizable))
  },
}
