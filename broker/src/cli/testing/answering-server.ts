import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server's answer to one request. */
export interface Answer {
  readonly status?: number
  readonly body?: unknown
  readonly text?: string
}

export interface AnsweringServer {
  readonly asked: { route: string; body: unknown }[]
  /** The header Authorization of each request. */
  readonly shown: (string | undefined)[]
  readonly address: string
  close(done?: () => void): void
}

/**
 * A server that answers like a broker, for tests of the command line. Of several answers of a route each is given once,
 * the last one from then on; a route without an answer is NOT_FOUND.
 */
export async function answeringServer(answers: Record<string, Answer | Answer[]>): Promise<AnsweringServer> {
  const asked: AnsweringServer['asked'] = []
  const shown: AnsweringServer['shown'] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const route = `${request.method} ${request.url}`
    asked.push({ route, body: chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString()) })
    shown.push(request.headers.authorization)
    const given = answers[route] ?? notFound(route)
    const answer = Array.isArray(given) ? (given.length > 1 ? given.shift()! : given[0]!) : given
    response.writeHead(answer.status ?? 200)
    response.end(answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, shown, address, close: (done) => void server.close(done) }
}

function notFound(route: string): Answer {
  return { status: 404, body: { code: 'NOT_FOUND', message: `no ${route}`, retriable: false, hint: 'h' } }
}
