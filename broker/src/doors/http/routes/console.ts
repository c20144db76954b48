import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { StaticFile, StaticFiles } from '../../../api/static-files.ts'
import { sendError } from '../errors.ts'

/** Nothing from elsewhere, nothing inline, in no frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const notBuilt = 'The console has not been built: run "npm install" in the repository.'
/** A year. */
const forever = 'public, max-age=31536000, immutable'

/** The console: a page with its files, which shows nothing by itself and asks the HTTP API as any other client. */
export function consoleRoutes(app: FastifyInstance, files: StaticFiles): void {
  const options = { schema: { hide: true } as object, config: { open: true } }
  app.get('/console', options, (_request, reply) => reply.redirect('/console/', 308))
  app.get<{ Params: { '*': string } }>('/console/*', options, (request, reply) => {
    const file = files.get(request.params['*'] || 'index.html')
    if (file !== undefined) return sendFile(request, reply, file)
    const detail = files.size === 0 ? notBuilt : 'The console has no such file.'
    return sendError(reply, new TailraceError('INVALID_REQUEST', detail), 404)
  })
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  reply.headers({
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': file.immutable ? forever : 'no-cache',
    vary: 'accept-encoding',
  })
  const zipped = file.gzip !== null && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  if (zipped) reply.header('content-encoding', 'gzip')
  return reply.type(file.type).send(Buffer.from(zipped ? file.gzip! : file.bytes))
}
