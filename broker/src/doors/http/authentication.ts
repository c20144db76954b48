import { TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ASKER_HEADER, readAskerHeader } from '../../security/identity/asker-header.ts'
import type { Authenticator } from '../../security/identity/authenticator.ts'
import type { Session } from '../../security/identity/session.ts'
import { vouchedSession } from '../../security/identity/vouched-session.ts'
import type { Services } from '../limits/rights.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered to anybody: it shows nothing of the cluster, or each of its answers is checked. */
    open?: boolean
    /** What it shows as Bearer is a token of its own, which what it asks for looks at; no credential of the cluster. */
    ownToken?: boolean
  }
}

/** The WebSocket of a browser can carry no header: its token is a subprotocol (docs/security.md). */
export const bearerProtocol = 'tailrace.bearer.'

/**
 * Finds out who sends a request, before its body is read. Where credentials are required, a request without one goes no
 * further, unless a rule lets nobody in particular do something.
 */
export function authenticateRequests(app: FastifyInstance, { authenticator, authorizer }: Services): void {
  app.addHook('onRequest', async (request, reply) => {
    const { rights } = request.context
    const shown = credentialOf(request)
    if (shown === null && rights.session.kind !== 'none') return
    if (shown === null) {
      if (request.routeOptions.config.open === true || authorizer.admitsAnybody(rights.session)) return
      reply.header('www-authenticate', challengesFor(request))
      throw new TailraceError('AUTHENTICATION_REQUIRED')
    }
    try {
      rights.renew(await shown(authenticator, rights.session.host))
    } catch (error) {
      reply.header('www-authenticate', challengesFor(request))
      throw error
    }
  })
  // A cascade broker passes on the request of a client.
  app.addHook('onRequest', (request, _reply, done) => {
    const { rights } = request.context
    const asker = request.headers[ASKER_HEADER]
    if (asker !== undefined) rights.renew(vouchedSession(rights.session, readAskerHeader(asker)))
    done()
  })
}

const bearerChallenge = 'Bearer realm="tailrace"'
const challenges = `Basic realm="tailrace", charset="UTF-8", ${bearerChallenge}`

/** A browser that is told of Basic opens a dialog of its own: not for a script, whose page asks by itself. */
function challengesFor({ headers }: FastifyRequest): string {
  const mode = headers['sec-fetch-mode']
  return mode === undefined || mode === 'navigate' ? challenges : bearerChallenge
}

type Shown = (authenticator: Authenticator, host: string) => Promise<Session>

/** @throws TailraceError AUTHENTICATION_FAILED: of a form that is not taken */
function credentialOf(request: FastifyRequest): Shown | null {
  if (request.routeOptions.config.ownToken === true) return null
  const { authorization } = request.headers
  if (authorization === undefined) return bearerOfStream(request)
  const [, scheme, value] = /^([A-Za-z]+) +([^ ]+) *$/.exec(authorization) ?? []
  switch (scheme?.toLowerCase()) {
    case 'bearer':
      return (authenticator, host) => authenticator.bearer(value!, host)
    case 'basic':
      return basic(request, value!)
    default:
      throw new TailraceError('AUTHENTICATION_FAILED', 'Authorization is Basic or Bearer.')
  }
}

/** RFC 7617, in UTF-8. A password in clear text goes over TLS, or does not leave the machine. */
function basic(request: FastifyRequest, value: string): Shown {
  if (!request.context.sender.secret) {
    throw new TailraceError('AUTHENTICATION_FAILED', 'A password is taken over TLS, or from this machine itself.')
  }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) throw new TailraceError('AUTHENTICATION_FAILED', 'Basic has the form user:password, in base64.')
  return (authenticator, host) => authenticator.password(text.slice(0, colon), text.slice(colon + 1), host)
}

function bearerOfStream({ headers }: FastifyRequest): Shown | null {
  const protocols =
    headers.upgrade?.toLowerCase() === 'websocket' ? (headers['sec-websocket-protocol'] ?? '').split(',') : []
  const named = protocols.map((name) => name.trim()).find((name) => name.startsWith(bearerProtocol))
  if (named === undefined) return null
  return (authenticator, host) => authenticator.bearer(named.slice(bearerProtocol.length), host)
}
