import fastify, { type FastifyInstance } from 'fastify'
import { giveContexts } from '../../../broker/src/doors/http/contexts.ts'
import { answerErrors, answerFrameworkError } from '../../../broker/src/doors/http/errors.ts'
import { parseJsonBodies } from '../../../broker/src/doors/http/json-bodies.ts'
import { validateRequests } from '../../../broker/src/doors/http/validation.ts'
import { defaultLimits } from '../../../broker/src/doors/limits/limits.ts'
import { gatewayMetrics } from '../../../broker/src/doors/limits/metrics.ts'
import { NewProducers } from '../../../broker/src/doors/limits/new-producers.ts'
import type { Services } from '../../../broker/src/doors/limits/rights.ts'
import { testQuotas } from '../../../broker/src/doors/testing/test-services.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { silentLogger } from '../../../broker/src/platform/testing/logger.ts'

/**
 * Routes of the gateway with its checks of requests, without a port. `mistakes`: errors that the gateway did not
 * expect.
 */
export async function doorWith(
  services: Services,
  mistakes: unknown[],
  addRoutes: (app: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 2_400 },
    frameworkErrors: answerFrameworkError,
  })
  app.removeContentTypeParser('text/plain')
  parseJsonBodies(app)
  const metrics = gatewayMetrics().transports.http
  const note = (fields: object): void => void mistakes.push((fields as { err?: unknown }).err)
  answerErrors(app, { info: () => {}, warn: note, error: note }, metrics, services.audit)
  validateRequests(app)
  const parts = { clock: new ManualClock(0), log: silentLogger, limits: defaultLimits }
  giveContexts(app, metrics, services, { ...parts, newProducers: new NewProducers(defaultLimits) }, testQuotas())
  addRoutes(app)
  await app.ready()
  return app
}
