import { streamNeeds } from '../../security/access/stream-needs.ts'
import { askerOf } from '../../security/identity/asker-fields.ts'
import { checkedStreamRequest, streamRequestOf } from '../../streams/wire/request-fields.ts'
import { isStreamResult, streamResultFields } from '../../streams/wire/result-fields.ts'
import type { RequestHandler } from './request.ts'

/** For the leader of a durable stream. The fields are checked where they are read, with a code that says more. */
export const stream: RequestHandler<'Stream'> = {
  check: (fields) => streamRequestOf(fields) !== null,
  needs: (fields) => streamNeeds(checkedStreamRequest(fields)).map((needed) => [needed]),
  checkReply: ({ result }) => isStreamResult(result),
  async answer({ streams }, _from, fields, body) {
    askerOf(fields)
    const { result, body: bytes } = await streams.answerHere(checkedStreamRequest(fields), body)
    return { fields: { result: streamResultFields(result) }, body: bytes.length === 0 ? [] : [bytes] }
  },
}
