import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hostOf } from '../../platform/client-address.ts'
import type { Logger } from '../../platform/logger.ts'
import { type Audit, isRefusal } from '../../security/audit/audit-event.ts'
import { ANONYMOUS } from '../../security/identity/principal.ts'
import type { TransportMetrics } from '../limits/metrics.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The code of a validation error by the field it is about, `/config` for instance; else INVALID_REQUEST. */
    errorCodes?: Readonly<Record<string, ErrorCode>>
    /** Answered however busy the gateway is. */
    alwaysAnswered?: boolean
    /** Waits for a quorum. */
    publishes?: boolean
  }
}

/** Seconds that a client should wait. */
const retryAfter: Partial<Record<ErrorCode, number>> = {
  OVERLOADED: 1,
  LEADER_UNAVAILABLE: 1,
  SHUTTING_DOWN: 1,
  CONNECTION_LOST: 1,
  TRANSFER_FAILED: 1,
  MEMBERS_CHANGING: 1,
  DISK_FULL: 30,
}

/** Every error leaves as `{code, message, retriable, hint}`, those that fastify raises by itself included. */
export function answerErrors(app: FastifyInstance, log: Logger, metrics: TransportMetrics, audit: Audit): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = answeredError(error, request)
    if (known.code === 'INTERNAL') log.error({ err: error, url: request.url }, 'a request failed unexpectedly')
    metrics.failed(known.code)
    if (isRefusal(known.code)) noteRefusal(audit, request, known)
    sendError(reply, known, statusOf(error, known))
  })
  app.setNotFoundHandler((request, reply) => {
    metrics.failed('NOT_FOUND')
    sendError(reply, new TailraceError('NOT_FOUND', `${request.method} ${pathOf(request.url)}`))
  })
}

export function sendError(reply: FastifyReply, error: TailraceError, status = error.status): void {
  const { retryAfterMs } = error
  const seconds = retryAfterMs === undefined ? retryAfter[error.code] : Math.max(1, Math.ceil(retryAfterMs / 1000))
  if (seconds !== undefined) reply.header('retry-after', seconds)
  reply.header('cache-control', 'no-store').code(status).send(error.toJSON())
}

/** For errors before routing, where fastify calls no error handler: a URL that cannot be decoded, for instance. */
export function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const known = answeredError(error, request)
  sendError(reply, known, statusOf(error, known))
}

/** By its route: paths that clients make up would be as many entries. */
function noteRefusal(audit: Audit, request: FastifyRequest, error: TailraceError): void {
  const { method, routeOptions, ip } = request
  const asked = `${method} ${routeOptions.url ?? 'no route'}`
  // A request for another host, or with a client id that is none, has no context.
  if (request.context !== null) {
    request.context.rights.answered(asked, error)
    return
  }
  const nobody = { principal: ANONYMOUS, host: hostOf(ip), target: '' }
  audit.note({ ...nobody, action: asked, outcome: 'refused', code: error.code }, error)
}

function answeredError(error: FastifyError | TailraceError, request: FastifyRequest): TailraceError {
  if (error instanceof TailraceError) return error
  if (error.validation !== undefined) return validationError(error, request)
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new TailraceError('FRAME_TOO_LARGE', `The body may have ${request.routeOptions.bodyLimit} bytes.`)
  }
  const status = error.statusCode ?? (error instanceof SyntaxError ? 400 : 500)
  if (status >= 400 && status < 500) return new TailraceError('INVALID_REQUEST', error.message)
  return TailraceError.concealed(error)
}

function validationError(error: FastifyError, request: FastifyRequest): TailraceError {
  const first = error.validation![0]!
  const place = `${error.validationContext ?? 'request'}${first.instancePath.replaceAll('/', '.')}`
  const { additionalProperty, allowedValues } = first.params as {
    additionalProperty?: string
    allowedValues?: unknown[]
  }
  const named = additionalProperty === undefined ? '' : `: ${additionalProperty}`
  const valid = allowedValues === undefined ? '' : `: ${allowedValues.join(', ')}`
  const code = request.routeOptions.config.errorCodes?.[`/${first.instancePath.split('/')[1] ?? ''}`]
  return new TailraceError(code ?? 'INVALID_REQUEST', `${place} ${first.message}${named}${valid}.`)
}

/** The table's status, but for the finer ones of HTTP (405, 415, 431 …) that share INVALID_REQUEST. */
function statusOf(error: FastifyError | TailraceError, known: TailraceError): number {
  if (error instanceof TailraceError || known.code !== 'INVALID_REQUEST') return known.status
  return error.statusCode ?? known.status
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  return (end < 0 ? url : url.slice(0, end)).slice(0, 200)
}
