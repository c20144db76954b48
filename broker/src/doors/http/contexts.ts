import type { Socket } from 'node:net'
import { clientIdHeader, clientIdParameter, isClientId, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { clientOf, hostOf } from '../../platform/client-address.ts'
import type { PeerCertificate } from '../../platform/network.ts'
import { anonymousSession, type Session } from '../../security/identity/session.ts'
import { accessOf } from '../limits/access.ts'
import type { TransportMetrics } from '../limits/metrics.ts'
import type { QuotaKeeper } from '../limits/quotas/quota-keeper.ts'
import { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import { type ContextParts, RequestContext } from '../limits/request-context.ts'
import { Rights, type Services } from '../limits/rights.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any other hook that knows the sender. */
    context: RequestContext
  }
}

/** Whether others could read what comes from there. */
function wayOf({ remoteAddress, encrypted }: Socket & { readonly encrypted?: boolean }): { readonly secret: boolean } {
  const isLoopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/i.test(remoteAddress ?? '')
  return { secret: encrypted === true || isLoopback }
}

const addressed: ReadonlySet<string | undefined> = new Set(['/stream', '/topics/:topic/stream', '/streams/*'])

/** A header for programs; in the address for browsers, whose WebSockets and streams of events have no headers. */
function clientIdOf({ headers, query, routeOptions }: FastifyRequest): unknown {
  const isNamed = addressed.has(routeOptions.url)
  const inAddress = isNamed ? (query as Record<string, unknown>)[clientIdParameter] : undefined
  return headers[clientIdHeader] ?? inAddress
}

/** Gives each request its context. Without a certificate the sender is nobody until it has been authenticated. */
export function giveContexts(
  app: FastifyInstance,
  metrics: TransportMetrics,
  services: Services,
  parts: ContextParts,
  keeper: QuotaKeeper,
  certificateOf: (socket: Socket) => PeerCertificate | null = () => null,
): void {
  const known = new WeakMap<Socket, Session>()
  /** By its certificate, where its connection has one that means somebody. */
  const sessionOf = (socket: Socket, host: string): Session => {
    const kept = known.get(socket)
    if (kept !== undefined) return kept
    const certificate = certificateOf(socket)
    const shown = certificate === null ? null : services.authenticator.certificate(certificate, host)
    const session = shown ?? anonymousSession(host)
    known.set(socket, session)
    return session
  }
  app.decorateRequest('context', null as never)
  app.addHook('onRequest', (request, _reply, done) => {
    const client = clientOf(request.ip)
    const rights = new Rights(services, sessionOf(request.raw.socket, hostOf(request.ip)))
    const { secret } = wayOf(request.raw.socket)
    const named = clientIdOf(request)
    const clientId = isClientId(named) ? named : ''
    // A cascade broker shares what it may use among its clients.
    const payer = (): string => (rights.session.vouchedBy ?? rights.session).principal
    const quotas = new SenderQuotas(keeper, payer, { clientId, address: client })
    const access = accessOf(request.headers, parts.limits)
    request.context = new RequestContext({ client, access, rights, clientId, quotas, secret }, metrics, parts)
    const isWrong = named !== undefined && clientId === ''
    done(isWrong ? new TailraceError('INVALID_REQUEST', 'The client id is none: see docs/protocol.md.') : undefined)
  })
}
