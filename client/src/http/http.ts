import type { ClientTls } from '../socket/socket.ts'
import type { ClientSurroundings } from '../surroundings.ts'

export interface HttpRequest {
  readonly method: string
  /** http:// or https://, with the path. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body: string | undefined
  readonly timeoutMs: number
  /** Of `prepareTls`; undefined where no address asks for it. */
  readonly tls: ClientTls | undefined
  readonly surroundings: ClientSurroundings
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** One request. Rejects when there is no answer in time. For Node and for browsers (package.json, "imports"). */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>

/** A topic with 100,000 partitions is described in less. */
export const MOST_ANSWER_BYTES = 64 * 1024 * 1024
